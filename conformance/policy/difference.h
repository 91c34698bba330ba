// What changed between two reports: `touchstone diff`, and a gate's baseline. Pure functions.
#pragma once

#include <string>

#include "conformance/report/report.h"

namespace touchstone {

// Per check and mode, per requirement, per benchmark. A benchmark is better or worse when chance
// does not explain it and the medians differ by more than `tolerance` (0.1: a tenth).
Difference Compare(const Report& before, const Report& after, double tolerance);

// For a person, for a pull request, for a program.
std::string DifferenceText(const Difference& difference);
std::string DifferenceMarkdown(const Difference& difference);
std::string DifferenceJson(const Difference& difference);

}  // namespace touchstone
