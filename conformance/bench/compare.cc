#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "conformance/bench/benchmark.h"
#include "soak/stats/mann_whitney.h"

namespace touchstone {
namespace {

constexpr double kSignificance = 0.01;  // of a comparison of many rows, one in a hundred may lie

const Benchmark* Find(const std::vector<Benchmark>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &Benchmark::name);
  return found == list.end() ? nullptr : &*found;
}

Comparison NotJudged(std::string why) { return {Change::kNotJudged, 0, 1, 0.5, std::move(why)}; }

}  // namespace

std::string_view ToString(Change change) {
  switch (change) {
    case Change::kBetter:
      return "better";
    case Change::kWorse:
      return "worse";
    case Change::kNoise:
      return "noise";
    case Change::kNotJudged:
      return "not judged";
  }
  return "";
}

Comparison Compare(const Benchmark& before, const Benchmark& after, double tolerance) {
  for (const auto* side : {&before, &after}) {
    const char* when = side == &before ? "before" : "now";
    if (side->samples.empty())
      return NotJudged(fmt::format("not measured {}{}{}", when,
                                   side->not_measured.empty() ? "" : ": ", side->not_measured));
  }
  if (before.unit != after.unit || before.better != after.better)
    return NotJudged(fmt::format("measured in {} before, in {} now", before.unit, after.unit));
  const double least = soak::LeastP(before.samples.size(), after.samples.size());
  if (least >= kSignificance) {
    return NotJudged(fmt::format("{} samples before and {} now are too few: p cannot be under {}",
                                 before.samples.size(), after.samples.size(), kSignificance));
  }
  const double was = before.Median(), is = after.Median();
  const auto ranks = soak::CompareSamples(before.samples, after.samples);
  Comparison row{Change::kNoise, 0, ranks.p, ranks.effect, {}};
  row.relative = was != 0 ? (is - was) / std::abs(was) : is == 0 ? 0 : std::copysign(INFINITY, is);
  row.why = fmt::format("{:+.1f} % (median {:.4g} -> {:.4g} {}), p = {:.2g}", row.relative * 100,
                        was, is, after.unit, row.p);
  // The ranks must say the same as the medians.
  const bool differs = row.p < kSignificance && std::abs(row.relative) > tolerance &&
                       (row.relative > 0) == (row.effect > 0.5);
  if (differs) {
    row.change =
        (row.relative > 0) == (after.better == Better::kMore) ? Change::kBetter : Change::kWorse;
  }
  return row;
}

std::vector<ComparisonRow> CompareAll(const std::vector<Benchmark>& before,
                                      const std::vector<Benchmark>& after, double tolerance) {
  std::vector<ComparisonRow> rows;
  for (const auto& now : after) {
    const Benchmark* was = Find(before, now.name);
    rows.push_back({now.name, now.unit,
                    was ? Compare(*was, now, tolerance) : NotJudged("not there before"), !was,
                    false});
  }
  for (const auto& was : before) {
    if (!Find(after, was.name))
      rows.push_back({was.name, was.unit, NotJudged("not there any more"), false, true});
  }
  return rows;
}

}  // namespace touchstone
