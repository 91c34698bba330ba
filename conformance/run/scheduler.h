// Executes planned jobs on a few threads: first all that may share the machine, then the timing
// ones, then those that want to be alone. Results come in the order of the plan, whatever the order
// of execution.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "conformance/run/job.h"
#include "conformance/run/result.h"

namespace touchstone {

// Told of every start and end. Called from several threads, one call at a time.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void Started(const Job& job) = 0;
  virtual void Finished(const Job& job, const CheckResult& result) = 0;
};

// Plays one job here and now.
CheckResult PlayJob(Rig& rig, const Job& job);

// Plays the jobs, each of them `repeat` times (repeat.h) if it may be repeated. A job that was not
// begun when `stop` was requested, or not repeated often enough, has no result: the ledger sees it.
std::vector<CheckResult> RunJobs(Rig& rig, const std::vector<Job>& jobs, int threads,
                                 RunObserver& observer, std::stop_token stop, int repeat = 1);

}  // namespace touchstone
