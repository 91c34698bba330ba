// Reports that no run made: for tests of how reports look, and for looking at them. The data is
// invented; nothing here is a measurement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/report/report.h"

namespace touchstone {

// "pass", "fail", "many" (2000 results, most of them failures with long timelines), "hostile" (text
// that tries to be markup, script, or to turn the page around), "soak".
std::vector<std::string_view> SampleNames();
std::optional<Report> SampleReport(std::string_view name);

// A host that leaks, its reference, an outage, two segments: what a soak of two hours might say.
soak::Summary SampleSoak();

// The hostile texts, by themselves.
std::vector<std::string> HostileTexts();

}  // namespace touchstone
