// Holds a report to a policy. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conformance/policy/policy.h"
#include "conformance/report/report.h"

namespace touchstone::policy {

// A suite of the policy as a check of the plan: each must leave its line in the ledger.
struct SuiteCheck {
  std::string check;  // "gate/fuzz", "gate/soak/short"
  Mode mode = Mode::kStream;
  std::vector<std::string> path;  // of the policy
};
std::vector<SuiteCheck> SuiteChecks(const Policy& policy);

// Whether the run itself plays the thousand requests that the policy asks for (load/…): nothing is
// filtered, and it asks for no more.
bool RunPlaysTheRequests(const Policy& policy);

// What blocks besides the ledger, most important first. Each reason ends with the line of the
// policy that it breaks.
struct Evaluation {
  std::vector<std::string> reasons, warnings;
  bool could_not_run = false;  // a suite was asked for and did not run
};
// `part`: the report is that of a shard, and lacks what the others played.
Evaluation Evaluate(const Policy& policy, const Report& report, bool part);

// Compares with the baseline, evaluates, and makes one verdict of it: the report's blocking
// reasons, overall verdict and exit status. `before` is the baseline's report, or null.
void Judge(const Policy& policy, const Report* before, Report& report);

}  // namespace touchstone::policy
