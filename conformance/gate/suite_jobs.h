// The suites of a policy as jobs of the plan: so each is planned, executed, sharded, counted and
// reported as any check is, and one that did not run is missed by the ledger.
//
// What a job really does comes in by the drivers; a driver that is not there makes a job that says
// so, and that is no pass.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/bench/benchmark.h"
#include "conformance/policy/policy.h"
#include "conformance/run/job.h"
#include "soak/summary/summary.h"

namespace touchstone::gate {

// What suites leave for the report besides their judgement. Jobs write it, one at a time.
struct Yield {
  std::mutex mutex;
  std::vector<soak::Summary> soaks;
  std::vector<Benchmark> benchmarks;
};

struct Drivers {
  std::function<Judgement(Rig&, Mode, int requests)> load;
  std::function<Judgement(Rig&, Mode, std::int64_t cases)> fuzz;
  std::function<Judgement(Rig&, const policy::ModelSuite&)> model;
  std::function<Judgement(policy::Selftest)> selftest;
  std::function<tl::expected<soak::Summary, std::string>(Rig&, const policy::SoakSuite&)> soak;
  std::function<tl::expected<std::vector<Benchmark>, std::string>(Rig&,
                                                                  const policy::BenchmarkSuite&)>
      benchmarks;
};

// One job for each of policy::SuiteChecks(), but for the requests that the run plays by itself.
std::vector<Job> SuiteJobs(const policy::Policy& policy, const Drivers& drivers,
                           std::shared_ptr<Yield> yield);

}  // namespace touchstone::gate
