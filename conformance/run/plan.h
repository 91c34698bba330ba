// From cases and checks to jobs: which of them in which modes, after the filters of the command
// line.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/checks/check.h"
#include "conformance/golden/case_file.h"
#include "conformance/run/job.h"

namespace touchstone {

struct Filter {
  std::vector<Mode> modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge};
  std::vector<std::string> areas;  // empty: all; "FRAME", in any case
  std::vector<std::string> globs;  // empty: all; matched against the check's name with fnmatch(3)

  bool active() const { return modes.size() != 3 || !areas.empty() || !globs.empty(); }
  bool Admits(const std::string& check, const std::vector<std::string>& requirements) const;
};

// The jobs that the filter admits; an error when it admits none, saying what there is.
tl::expected<std::vector<Job>, std::string> MakePlan(const std::vector<Case>& cases,
                                                     const std::vector<Check>& checks,
                                                     const Filter& filter);

}  // namespace touchstone
