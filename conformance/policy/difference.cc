#include "conformance/policy/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace touchstone {
namespace {

struct State {
  std::string verdict, message;
};
using States = std::map<std::string, State>;  // by subject

bool Judged(const std::string& verdict) { return verdict != "skip" && verdict != "uncovered"; }
bool Bad(const std::string& verdict) {
  return verdict == "fail" || verdict == "flaky" || verdict == "harness_bug";
}

// Where one change belongs, or nowhere: it is as it was, or as little known.
void Sort(const DifferenceRow& row, Difference& into) {
  const bool was_judged = !row.was.empty() && Judged(row.was);
  const bool is_judged = !row.now.empty() && Judged(row.now);
  if (row.was == row.now) return;
  if (was_judged && !is_judged) {
    into.vanished.push_back(row);
  } else if (!was_judged && is_judged) {
    // What comes with a fault is named, but it is no regression: nothing that held before is lost.
    into.appeared.push_back(row);
  } else if (!was_judged) {
    if (row.now.empty()) into.vanished.push_back(row);
    if (row.was.empty()) into.appeared.push_back(row);
  } else if (Bad(row.now) && !Bad(row.was)) {
    into.regressed.push_back(row);
  } else if (row.now == "pass") {
    (Bad(row.was) ? into.fixed : into.appeared).push_back(row);
  } else if (row.now == "inconclusive") {
    into.unproven.push_back(row);
  } else if (row.was == "flaky") {
    into.regressed.push_back(row);  // it fails always now
  }
}

void CompareStates(const States& before, const States& after, const std::string& kind,
                   Difference& into) {
  for (const auto& [subject, was] : before) {
    const auto now = after.find(subject);
    const bool there = now != after.end();
    Sort({subject, kind, was.verdict, there ? now->second.verdict : "",
          there ? now->second.message : was.message},
         into);
  }
  for (const auto& [subject, now] : after) {
    if (!before.contains(subject)) Sort({subject, kind, "", now.verdict, now.message}, into);
  }
}

States ChecksOf(const Report& report) {
  States states;
  for (const CheckResult& result : report.results) {
    states[fmt::format("{} [{}]", result.check, ToString(result.mode))] = {
        std::string(ToString(result.judgement.verdict)), result.judgement.message};
  }
  return states;
}

States RequirementsOf(const Report& report) {
  States states;
  for (const auto& row : report.ledger.requirements) {
    states[row.requirement->id] = {
        row.verdict, fmt::format("{} {}", row.requirement->level, row.requirement->milestone)};
  }
  return states;
}

// Samples of nothing are no measurement: a benchmark that was not measured is not there.
std::string MedianOf(const std::vector<Benchmark>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &Benchmark::name);
  if (found == list.end() || found->samples.empty()) return {};
  return fmt::format("{:.4g} {}", found->Median(), found->unit);
}

void CompareBenchmarks(const std::vector<Benchmark>& before, const std::vector<Benchmark>& after,
                       double tolerance, Difference& into) {
  for (const ComparisonRow& row : CompareAll(before, after, tolerance)) {
    const DifferenceRow difference{row.name, "benchmark", MedianOf(before, row.name),
                                   MedianOf(after, row.name), row.comparison.why};
    const auto change = row.comparison.change;
    if (difference.was.empty() && difference.now.empty()) continue;
    auto& list = difference.now.empty()      ? into.vanished
                 : difference.was.empty()    ? into.appeared
                 : change == Change::kWorse  ? into.regressed
                 : change == Change::kBetter ? into.fixed
                                             : into.noise;
    list.push_back(difference);
  }
}

}  // namespace

Difference Compare(const Report& before, const Report& after, double tolerance) {
  Difference difference;
  CompareStates(RequirementsOf(before), RequirementsOf(after), "requirement", difference);
  CompareStates(ChecksOf(before), ChecksOf(after), "check", difference);
  CompareBenchmarks(before.benchmarks, after.benchmarks, tolerance, difference);
  return difference;
}

}  // namespace touchstone
