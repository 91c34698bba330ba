// Runs the judge against defective hosts. Each defect gets a rig of its own (a provider, a scratch
// folder) and the plays that should see it, until one blames the right requirement. What killed is
// then played at the unbroken host behind the same shim, and must pass there.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/run/job.h"
#include "conformance/selftest/kill_matrix.h"

namespace touchstone {

struct SelftestPlan {
  std::vector<const defective::Defect*> defects;
  std::vector<Job> jobs;  // all there are; each defect plays those that its row names
  Profile profile;        // of the conforming host
  std::string shim;       // the path of defective-host
  std::filesystem::path golden;  // golden/
  std::filesystem::path scratch;
  std::uint64_t seed = 1;
  int threads = 1;  // defects at the same time; plays that want to be alone come last
};

// The plays for a defect: those that its globs name, or all that name its requirement.
std::vector<const Job*> JobsFor(const defective::Defect& defect, const std::vector<Job>& jobs);

// The profile with the shim before each command.
Profile BehindShim(Profile profile, const std::string& shim, const std::string& defect);

// `told` is called after each trial, one call at a time. An error: the unbroken host behind the
// shim cannot be started, or does not answer a ping.
tl::expected<KillMatrix, std::string> RunSelftest(const SelftestPlan& plan,
                                                  const std::function<void(const Trial&)>& told,
                                                  std::stop_token stop);

}  // namespace touchstone
