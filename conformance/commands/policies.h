// A gate's policy from the command line: found, loaded, and turned into options. What `gate` and
// `merge` share.
#pragma once

#include <memory>

#include "conformance/commands/session.h"
#include "conformance/policy/policy.h"
#include "conformance/report/report_file.h"

namespace touchstone {

// `name` is empty: a policy without suites and limits. `baseline` (may be empty) comes before the
// policy's own.
tl::expected<policy::Policy, CommandError> LoadPolicy(const Options& options,
                                                      const std::string& name,
                                                      const std::filesystem::path& baseline);

// Puts into the options what the policy says of the run.
void ApplyPolicy(const policy::Policy& policy, Options& options);

// The baseline's report; null when the policy has none.
tl::expected<std::unique_ptr<ReportFile>, CommandError> LoadBaseline(const policy::Policy& policy);

// Names the policy in the report, and makes one verdict of the ledger, the limits and the baseline.
void JudgeByPolicy(const policy::Policy& policy, const std::unique_ptr<ReportFile>& before,
                   Report& report);

}  // namespace touchstone
