#include "conformance/selftest/selftest.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "conformance/drive/preflight.h"
#include "conformance/run/scheduler.h"

namespace touchstone {
namespace {

constexpr int kPlaysOfARig = 100'000;
constexpr int kAloneAgain = 3;  // times that what could not be judged alone is tried once more

// What a rig for a broken host takes over from the unbroken one: measured once, and not of a host
// that may be broken just there.
struct Baseline {
  std::chrono::milliseconds startup{0};
  std::set<std::string> capabilities;
};

class Selftest {
 public:
  Selftest(const SelftestPlan& plan, const std::function<void(const Trial&)>& told,
           std::stop_token stop)
      : plan_(plan), told_(told), stop_(std::move(stop)) {}

  tl::expected<KillMatrix, std::string> Run() {
    if (auto error = MeasureBaseline()) return tl::unexpected(*error);
    for (const auto* defect : plan_.defects) {
      trials_.emplace_back().defect = defect;
    }
    // First what may share the machine; then, alone, what is left for those not yet killed.
    Phase(plan_.threads, false);
    Phase(1, true);
    KillMatrix matrix;
    matrix.trials = std::move(trials_);
    matrix.interrupted = stop_.stop_requested();
    if (!matrix.interrupted) Control(matrix);
    return matrix;
  }

 private:
  // A timing play that was inconclusive in the crowd gets another chance, too.
  static bool BelongsAlone(const Job& job, const Trial& trial) {
    return job.serial || (job.timing && trial.fate == Fate::kNotJudged);
  }

  std::unique_ptr<Rig> RigFor(const std::string& defect) {
    const int number = ++rigs_;
    auto scratch = plan_.scratch / fmt::format("{}-{}", defect, number);
    std::error_code ec;
    std::filesystem::create_directories(scratch, ec);
    auto rig = MakeRig(BehindShim(plan_.profile, plan_.shim, defect), scratch, plan_.seed);
    if (!rig) return nullptr;
    // Plays know the processes of their hosts by their number: no two rigs may have the same.
    (*rig)->next_play = number * kPlaysOfARig;
    (*rig)->golden = plan_.golden;
    (*rig)->startup = baseline_.startup;
    (*rig)->profile.capabilities.insert(baseline_.capabilities.begin(),
                                        baseline_.capabilities.end());
    return std::move(*rig);
  }

  std::optional<std::string> MeasureBaseline() {
    auto rig = RigFor("none");
    if (!rig) return "the mock provider cannot start";
    const auto preflight = RunPreflight(*rig, {Mode::kStream, Mode::kOneShot, Mode::kBridge});
    if (!preflight.cannot_start.empty()) return preflight.cannot_start;
    if (!preflight.mute.empty())
      return "the unbroken host does not answer a ping: " + preflight.mute.begin()->second;
    baseline_ = {rig->startup, rig->profile.capabilities};
    return std::nullopt;
  }

  void Phase(int threads, bool alone) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> pool;
    for (int i = 0; i < threads; ++i) {
      pool.emplace_back([&] {
        pthread_setname_np(pthread_self(), "judge-trial");
        for (auto at = next++; at < trials_.size() && !stop_.stop_requested(); at = next++) {
          if (!IsSettled(trials_[at])) Try(trials_[at], alone);
        }
      });
    }
  }

  bool IsSettled(const Trial& trial) {
    std::lock_guard lock(telling_);
    return settled_.contains(&trial);
  }

  void Try(Trial& trial, bool alone) {
    const auto jobs = JobsFor(*trial.defect, plan_.jobs);
    const auto left_for_later = [&](const Job* job) { return BelongsAlone(*job, trial); };
    std::unique_ptr<Rig> rig;
    const auto play = [&](const Job* job) {
      if (!rig) rig = RigFor(trial.defect->name);
      if (rig && !stop_.stop_requested() && trial.fate != Fate::kRight) {
        Weigh(trial, PlayJob(*rig, *job));
      }
    };
    for (const Job* job : jobs) {
      if (alone ? BelongsAlone(*job, trial) : !job->serial) play(job);
    }
    // A machine that lagged throughout may do so no more.
    for (int more = kAloneAgain; alone && more > 0; --more) {
      for (const Job* job : jobs) {
        if (trial.fate == Fate::kNotJudged && BelongsAlone(*job, trial)) play(job);
      }
    }
    std::lock_guard lock(telling_);
    if (!alone && trial.fate != Fate::kRight && std::ranges::any_of(jobs, left_for_later)) return;
    settled_.insert(&trial);
    told_(trial);
  }

  void Control(KillMatrix& matrix) {
    std::set<std::pair<std::string, Mode>> wanted;
    for (const Trial& trial : matrix.trials) {
      if (!trial.check.empty()) wanted.emplace(trial.check, trial.mode);
    }
    std::vector<Job> jobs;
    for (const Job& job : plan_.jobs) {
      if (wanted.contains({job.check, job.mode})) jobs.push_back(job);
    }
    struct Silent : RunObserver {
      void Started(const Job&) override {}
      void Finished(const Job&, const CheckResult&) override {}
    } silent;
    auto rig = RigFor("none");
    if (!rig) return;
    for (const auto& result : RunJobs(*rig, jobs, plan_.threads, silent, stop_)) {
      ++matrix.control_plays;
      const auto verdict = result.judgement.verdict;
      if (verdict != Verdict::kFail && verdict != Verdict::kHarnessBug) continue;
      matrix.false_alarms.push_back(fmt::format("{} [{}]: {}", result.check, ToString(result.mode),
                                                result.judgement.message));
    }
  }

  const SelftestPlan& plan_;
  const std::function<void(const Trial&)>& told_;
  const std::stop_token stop_;
  Baseline baseline_;
  std::vector<Trial> trials_;
  std::atomic<int> rigs_{0};
  std::mutex telling_;  // guards what follows, and calls of told_
  std::set<const Trial*> settled_;
};

}  // namespace

std::vector<const Job*> JobsFor(const defective::Defect& defect, const std::vector<Job>& jobs) {
  std::vector<const Job*> found;
  for (const Job& job : jobs) {
    const auto& globs = defect.checks;
    const bool fits = globs.empty() ? std::ranges::find(job.requirements, defect.requirement) !=
                                          job.requirements.end()
                                    : std::ranges::any_of(globs, [&](const std::string& glob) {
                                        return ::fnmatch(glob.c_str(), job.check.c_str(), 0) == 0;
                                      });
    if (fits) found.push_back(&job);
  }
  return found;
}

Profile BehindShim(Profile profile, const std::string& shim, const std::string& defect) {
  for (auto& [mode, argv] : profile.commands) {
    argv.insert(argv.begin(), {shim, "--defect", defect, "--"});
  }
  profile.name = defect;
  return profile;
}

tl::expected<KillMatrix, std::string> RunSelftest(const SelftestPlan& plan,
                                                  const std::function<void(const Trial&)>& told,
                                                  std::stop_token stop) {
  return Selftest(plan, told, std::move(stop)).Run();
}

}  // namespace touchstone
