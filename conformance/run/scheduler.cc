#include "conformance/run/scheduler.h"

#include <fmt/format.h>
#include <pthread.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "conformance/run/repeat.h"

namespace touchstone {

CheckResult PlayJob(Rig& rig, const Job& job) {
  CheckResult result{job.check, job.kind, job.requirements, job.mode, {}, 0, {}};
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& capability : job.capabilities) {
    if (!rig.profile.capabilities.contains(capability)) {
      result.judgement = Judgement::Skip("not claimed: " + capability);
      return result;
    }
  }
  if (rig.patience.Lost()) {
    result.judgement.verdict = Verdict::kFail;
    result.judgement.message = fmt::format(
        "not played: the host let {} plays run into their deadlines", rig.patience.times_ran_out());
    return result;
  }
  try {
    result.judgement = job.play(rig);
  } catch (const std::exception& error) {
    // The judge reports peers' errors as values; what is thrown is a mistake of its own.
    result.judgement =
        Judgement::HarnessBug(std::string("an exception in the judge: ") + error.what());
  }
  result.duration_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

std::vector<CheckResult> RunJobs(Rig& rig, const std::vector<Job>& jobs, int threads,
                                 RunObserver& observer, std::stop_token stop, int repeat) {
  std::vector<std::optional<CheckResult>> results(jobs.size());
  std::mutex observing;
  const auto phase = [&](int workers, const std::function<bool(const Job&)>& belongs) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> pool;
    for (int i = 0; i < workers; ++i) {
      pool.emplace_back([&] {
        pthread_setname_np(pthread_self(), "judge-job");
        for (std::size_t at = next++; at < jobs.size() && !stop.stop_requested(); at = next++) {
          if (!belongs(jobs[at])) continue;
          {
            std::lock_guard lock(observing);
            observer.Started(jobs[at]);
          }
          results[at] = PlayRepeatedly([&] { return PlayJob(rig, jobs[at]); },
                                       jobs[at].repeatable ? repeat : 1, stop);
          if (!results[at]) break;
          std::lock_guard lock(observing);
          observer.Finished(jobs[at], *results[at]);
        }
      });
    }
  };
  phase(threads, [](const Job& job) { return !job.timing && !job.serial; });
  phase(threads, [](const Job& job) { return job.timing && !job.serial; });
  phase(1, [](const Job& job) { return job.serial; });

  std::vector<CheckResult> executed;
  for (auto& result : results) {
    if (result) executed.push_back(std::move(*result));
  }
  return executed;
}

}  // namespace touchstone
