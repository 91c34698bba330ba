#include "conformance/gate/suite_jobs.h"

#include <fmt/format.h>

#include "conformance/gate/verdicts.h"
#include "conformance/policy/evaluate.h"

namespace touchstone::gate {
namespace {

using Play = std::function<Judgement(Rig&)>;

Play Absent(const std::string& what) {
  return [what](Rig&) { return Judgement::Inconclusive("this touchstone cannot run " + what); };
}

Play SoakPlay(const policy::SoakSuite& suite, const Drivers& drivers,
              const std::shared_ptr<Yield>& yield) {
  if (!drivers.soak) return Absent("a soak");
  return [suite, soak = drivers.soak, yield](Rig& rig) {
    auto summary = soak(rig, suite);
    if (!summary) return Judgement::Inconclusive(summary.error());
    summary->name = suite.name;
    auto judgement = JudgeSoak(*summary);
    if (judgement.verdict == Verdict::kPass && summary->verdict != "pass") {
      summary->verdict = "pass";
      summary->reason = "each request was answered as it should be; trends: " + summary->reason;
    }
    std::lock_guard lock(yield->mutex);
    yield->soaks.push_back(std::move(*summary));
    return judgement;
  };
}

Play BenchmarkPlay(const policy::BenchmarkSuite& suite, const Drivers& drivers,
                   const std::shared_ptr<Yield>& yield) {
  if (!drivers.benchmarks) return Absent("benchmarks");
  return [suite, run = drivers.benchmarks, yield](Rig& rig) {
    auto benchmarks = run(rig, suite);
    if (!benchmarks) return Judgement::Inconclusive(benchmarks.error());
    if (benchmarks->empty()) return Judgement::Inconclusive("nothing was measured");
    auto judgement = Judgement::Pass();
    judgement.message = fmt::format("{} benchmarks", benchmarks->size());
    std::lock_guard lock(yield->mutex);
    yield->benchmarks = std::move(*benchmarks);
    return judgement;
  };
}

Play PlayOf(const policy::Policy& policy, const policy::SuiteCheck& suite, const Drivers& drivers,
            const std::shared_ptr<Yield>& yield) {
  const std::string& kind = suite.path.at(1);
  const Mode mode = suite.mode;
  if (kind == "requests") {
    if (!drivers.load) return Absent("a load");
    return [load = drivers.load, mode, requests = static_cast<int>(*policy.requests)](Rig& rig) {
      return load(rig, mode, requests);
    };
  }
  if (kind == "fuzz") {
    if (!drivers.fuzz) return Absent("a search");
    return [fuzz = drivers.fuzz, mode, cases = policy.fuzz->cases](Rig& rig) {
      return fuzz(rig, mode, cases);
    };
  }
  if (kind == "model") {
    if (!drivers.model) return Absent("programs");
    return [model = drivers.model, suite = *policy.model](Rig& rig) { return model(rig, suite); };
  }
  if (kind == "selftest") {
    if (!drivers.selftest) return Absent("a selftest");
    return [selftest = drivers.selftest, which = policy.selftest](Rig&) { return selftest(which); };
  }
  if (kind == "soak")
    return SoakPlay(policy.soaks.at(std::stoul(suite.path.at(2))), drivers, yield);
  return BenchmarkPlay(*policy.benchmarks, drivers, yield);
}

// What a pass of the suite is evidence of.
std::vector<std::string> RequirementsOf(const policy::Policy& policy,
                                        const policy::SuiteCheck& suite) {
  const std::string& kind = suite.path.at(1);
  if (kind == "requests") return {"LOAD-01"};
  if (kind == "fuzz") return {"FRAME-06", "FRAME-07", "REQ-02", "RESP-08"};
  if (kind == "model") return {"LIFE-01", "CTRL-02", "SESS-06", "IDEM-04"};
  if (kind != "soak") return {};
  // A trend needs time; a number of requests is none.
  const bool has_trends = policy.soaks.at(std::stoul(suite.path.at(2))).duration.has_value();
  if (suite.mode != Mode::kStream) return {"LOAD-01"};
  if (!has_trends) return {"LOAD-01", "LOAD-03"};
  return {"LOAD-01", "LOAD-02", "LOAD-03", "LOAD-04"};
}

}  // namespace

std::vector<Job> SuiteJobs(const policy::Policy& policy, const Drivers& drivers,
                           std::shared_ptr<Yield> yield) {
  std::vector<Job> jobs;
  for (const policy::SuiteCheck& suite : policy::SuiteChecks(policy)) {
    if (suite.path[1] == "requests" && policy::RunPlaysTheRequests(policy)) continue;
    Job job;
    job.check = suite.check;
    job.kind = "suite";
    job.requirements = RequirementsOf(policy, suite);
    job.mode = suite.mode;
    job.serial = true;
    job.repeatable = false;
    job.play = [mode = suite.mode, play = PlayOf(policy, suite, drivers, yield)](Rig& rig) {
      if (mode != Mode::kNone && !rig.profile.CommandFor(mode)) {
        return Judgement::Skip(
            fmt::format("the profile has no command for mode {}", ToString(mode)));
      }
      return play(rig);
    };
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace touchstone::gate
