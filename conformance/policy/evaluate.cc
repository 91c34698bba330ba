#include "conformance/policy/evaluate.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "conformance/policy/difference.h"

namespace touchstone::policy {
namespace {

using Path = std::vector<std::string>;

constexpr double kMib = 1024.0 * 1024.0;

class Evaluator {
 public:
  Evaluator(const Policy& policy, const Report& report, bool part)
      : policy_(policy), report_(report), part_(part) {}

  Evaluation Run() {
    Suites();
    if (!part_) {
      Baseline();
      Inconclusive();
      Flaky();
    }
    for (std::size_t i = 0; i < policy_.soaks.size(); ++i) Soak(i);
    for (const Benchmark& benchmark : report_.benchmarks) {
      if (!policy_.benchmarks || benchmark.AsWanted()) continue;
      Block(fmt::format("benchmark {}: the median is {:.4g} {}, wanted {} {:.4g}", benchmark.name,
                        benchmark.Median(), benchmark.unit,
                        benchmark.better == Better::kLess ? "at most" : "at least",
                        *benchmark.wanted),
            {"suites", "benchmarks"});
    }
    return std::move(evaluation_);
  }

 private:
  void Block(std::string text, const Path& path) {
    evaluation_.reasons.push_back(At(std::move(text), path));
  }
  std::string At(std::string text, const Path& path) const {
    const auto line = policy_.Line(path);
    return line.empty() ? text : fmt::format("{} ({})", text, line);
  }

  const CheckResult* Find(const std::string& check, Mode mode) const {
    for (const CheckResult& result : report_.results) {
      if (result.check == check && result.mode == mode) return &result;
    }
    return nullptr;
  }

  // A suite that was asked for and did not run is an error, never a pass.
  void Suites() {
    const bool any = std::ranges::any_of(
        report_.results, [](const CheckResult& result) { return result.kind != "suite"; });
    if (!any && !part_) DidNotRun("run", "no case and no check was played", {"suites", "run"});
    for (const SuiteCheck& suite : SuiteChecks(policy_)) {
      const auto* result = Find(suite.check, suite.mode);
      const auto name = fmt::format("{} [{}]", suite.check, ToString(suite.mode));
      if (!result) {
        if (!part_) DidNotRun(name, "it has no line in the ledger", suite.path);
        continue;
      }
      const Verdict verdict = result->judgement.verdict;
      if (verdict == Verdict::kSkip) DidNotRun(name, result->judgement.message, suite.path);
      if (verdict == Verdict::kInconclusive) NotJudged(suite, name, result->judgement.message);
    }
  }

  void DidNotRun(const std::string& name, const std::string& why, const Path& path) {
    Block(fmt::format("{} was asked for and did not run: {}", name, why), path);
    evaluation_.could_not_run = true;
  }

  // A soak in segments is not judged before it is whole: that is no fault, and no pass either.
  void NotJudged(const SuiteCheck& suite, const std::string& name, const std::string& why) {
    const bool is_soak = suite.path.size() > 1 && suite.path[1] == "soak";
    if (!is_soak) return DidNotRun(name, why, suite.path);
    const auto& soak = policy_.soaks[std::stoul(suite.path[2])];
    const auto text = fmt::format("{} is not judged: {}", name, why);
    if (soak.segment)
      evaluation_.warnings.push_back(At(text, suite.path));
    else
      Block(text, suite.path);
  }

  void Baseline() {
    if (!report_.baseline || !policy_.baseline) return;
    const Difference& difference = *report_.baseline;
    const Path path = {"baseline"};
    const auto name = policy_.baseline->report.filename().string();
    for (const DifferenceRow& row : difference.regressed) {
      Block(fmt::format("{} is {}, and was {} in {}: {}", row.subject, row.now, row.was, name,
                        row.message),
            path);
    }
    for (const DifferenceRow& row : difference.vanished) {
      if (MayVanish(row)) continue;
      Block(fmt::format("{} {} vanished: it was {} in {}{}", row.kind, row.subject, row.was, name,
                        row.now.empty() ? "" : ", and is " + row.now + ": " + row.message),
            path);
    }
  }

  bool MayVanish(const DifferenceRow& row) const {
    return std::ranges::any_of(policy_.baseline->may_vanish, [&](const std::string& glob) {
      return ::fnmatch(glob.c_str(), row.subject.c_str(), 0) == 0;
    });
  }

  void Inconclusive() {
    const auto& limits = policy_.limits;
    const Summary& s = report_.ledger.summary;
    const Path path = {"limits", "inconclusive"};
    if (limits.inconclusive && s.inconclusive > *limits.inconclusive) {
      Block(fmt::format("{} results are inconclusive, at most {} may be", s.inconclusive,
                        *limits.inconclusive),
            {"limits", "inconclusive", "at_most"});
    }
    const double percent = s.planned > 0 ? 100.0 * s.inconclusive / s.planned : 0;
    if (limits.inconclusive_percent && percent > *limits.inconclusive_percent) {
      Block(fmt::format("{:.2f} % of the results are inconclusive ({} of {}), at most {} % may be",
                        percent, s.inconclusive, s.planned, *limits.inconclusive_percent),
            {"limits", "inconclusive", "at_most_percent"});
    }
  }

  void Flaky() {
    if (policy_.file.text.empty()) return;  // only a baseline was given: the ledger decides
    const int flaky = report_.ledger.summary.flaky;
    if (flaky <= policy_.limits.flaky) return;
    Block(fmt::format("{} checks are flaky, at most {} may be", flaky, policy_.limits.flaky),
          {"limits", "flaky"});
  }

  // The soaks stand in the report in the policy's order, those that ran.
  const soak::Summary* SummaryOf(const SoakSuite& suite) const {
    const auto found = std::ranges::find(report_.soaks, suite.name, &soak::Summary::name);
    return found == report_.soaks.end() ? nullptr : &*found;
  }

  void Soak(std::size_t index) {
    const SoakSuite& suite = policy_.soaks[index];
    const auto* summary = SummaryOf(suite);
    if (!summary) return;  // Suites() has said so
    const auto& limits = policy_.limits;
    const double p99 = summary->host.latency.p99_ms;
    if (limits.p99_ms && p99 > *limits.p99_ms) {
      Block(fmt::format("soak {}: p99 is {:.1f} ms, at most {} ms may be", suite.name, p99,
                        *limits.p99_ms),
            {"limits", "latency", "p99_ms"});
    }
    if (limits.p99_ratio_to_reference && suite.reference) Ratio(suite, *summary);
    double peak = 0;
    for (const auto& sample : summary->host.samples)
      peak = std::max(peak, static_cast<double>(sample.rss_bytes) / kMib);
    if (limits.peak_rss_mib && peak > *limits.peak_rss_mib) {
      Block(fmt::format("soak {}: the peak of RSS is {:.1f} MiB, at most {} MiB may be", suite.name,
                        peak, *limits.peak_rss_mib),
            {"limits", "memory", "peak_rss_mib"});
    }
    if (limits.peak_rss_mib && peak == 0) {
      DidNotRun("soak " + suite.name, "it has no sample of RSS", {"limits", "memory"});
    }
  }

  void Ratio(const SoakSuite& suite, const soak::Summary& summary) {
    const Path path = {"limits", "latency", "p99_ratio_to_reference"};
    const double most = *policy_.limits.p99_ratio_to_reference;
    const double reference = summary.reference ? summary.reference->latency.p99_ms : 0;
    if (reference <= 0)
      return DidNotRun("soak " + suite.name, "the reference beside it was not measured", path);
    const double ratio = summary.host.latency.p99_ms / reference;
    if (ratio <= most) return;
    Block(fmt::format("soak {}: p99 is {:.2f} times the reference's ({:.1f} ms against {:.1f} ms), "
                      "at most {} times may be",
                      suite.name, ratio, summary.host.latency.p99_ms, reference, most),
          path);
  }

  const Policy& policy_;
  const Report& report_;
  const bool part_;
  Evaluation evaluation_;
};

}  // namespace

bool RunPlaysTheRequests(const Policy& policy) {
  const RunSuite& run = policy.run;
  return policy.requests == 1000 && run.modes.size() == 3 && run.areas.empty() && run.only.empty();
}

std::vector<SuiteCheck> SuiteChecks(const Policy& policy) {
  std::vector<SuiteCheck> checks;
  if (policy.requests) {
    const auto name = RunPlaysTheRequests(policy)
                          ? std::string("load/thousand-requests")
                          : fmt::format("gate/requests-{}", *policy.requests);
    for (Mode mode : policy.run.modes) checks.push_back({name, mode, {"suites", "requests"}});
  }
  if (policy.fuzz) {
    for (Mode mode : policy.fuzz->modes) checks.push_back({"gate/fuzz", mode, {"suites", "fuzz"}});
  }
  if (policy.model) checks.push_back({"gate/model", Mode::kStream, {"suites", "model"}});
  if (policy.selftest != Selftest::kNone)
    checks.push_back({"gate/selftest", Mode::kNone, {"suites", "selftest"}});
  for (std::size_t i = 0; i < policy.soaks.size(); ++i) {
    const SoakSuite& soak = policy.soaks[i];
    checks.push_back({"gate/soak/" + soak.name, soak.mode, {"suites", "soak", std::to_string(i)}});
  }
  if (policy.benchmarks)
    checks.push_back({"gate/benchmarks", Mode::kNone, {"suites", "benchmarks"}});
  return checks;
}

Evaluation Evaluate(const Policy& policy, const Report& report, bool part) {
  return Evaluator(policy, report, part).Run();
}

void Judge(const Policy& policy, const Report* before, Report& report) {
  const bool part = report.shard.has_value();
  if (before && policy.baseline && !part) {
    report.baseline = Compare(*before, report, policy.baseline->benchmark_tolerance);
    report.baseline->old_report = policy.baseline->report.string();
  }
  Ledger& ledger = report.ledger;
  auto evaluation = Evaluate(policy, report, part);
  if (const auto line = policy.Line({"milestone"}); !line.empty()) {
    for (auto& reason : ledger.blocking) reason += fmt::format(" ({})", line);
  }
  // What makes the run worthless comes first, then what the host broke, then the limits.
  auto& reasons = evaluation.reasons;
  ledger.blocking.insert(ledger.blocking.end(), reasons.begin(), reasons.end());
  ledger.warnings.insert(ledger.warnings.begin(), evaluation.warnings.begin(),
                         evaluation.warnings.end());
  if (reasons.empty() || ledger.overall == Overall::kError) return;
  if (evaluation.could_not_run && ledger.overall == Overall::kConformant) {
    ledger.overall = Overall::kError;
    ledger.exit_status = 3;
  } else if (ledger.overall == Overall::kConformant) {
    ledger.overall = Overall::kNonconformant;
    ledger.exit_status = 1;
  }
}

}  // namespace touchstone::policy
