// What a gate adds: the difference to a baseline, what the counts prove, and the benchmarks.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/html.h"

namespace touchstone {
namespace {

constexpr std::size_t kRowsShown = 200, kMessageLimit = 300;

Markup Rows(std::string_view title, const std::vector<DifferenceRow>& list, bool folded) {
  static const Template kFolded("folded.html");
  if (list.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : list) {
    if (rows.size() == kRowsShown) break;
    rows.push_back({row.subject, row.kind, row.was.empty() ? "—" : row.was,
                    row.now.empty() ? "—" : row.now, Visible(row.message, kMessageLimit)});
  }
  const auto more = list.size() > kRowsShown
                        ? fmt::format(", of which the first {} are shown", kRowsShown)
                        : std::string();
  const auto counted = fmt::format("{}: {}{}", title, list.size(), more);
  const auto table =
      Table(folded ? "" : counted, {"What", "Kind", "Was", "Is now", "Because"}, rows);
  return folded ? kFolded.Fill({{"title", counted}, {"content", table}}) : table;
}

// "0.97 [0.93, 1.04]": the median, and how far the samples reach.
std::string Spread(const Benchmark& benchmark) {
  if (benchmark.samples.empty()) return "not measured";
  const auto [least, most] = std::ranges::minmax(benchmark.samples);
  return fmt::format("{:.4g} {} [{:.4g}, {:.4g}]", benchmark.Median(), benchmark.unit, least, most);
}

std::string Wanted(const Benchmark& benchmark) {
  if (!benchmark.wanted) return "—";
  return fmt::format("{} {:.4g} {}: {}", benchmark.better == Better::kLess ? "at most" : "at least",
                     *benchmark.wanted, benchmark.unit, benchmark.AsWanted() ? "yes" : "NO");
}

}  // namespace

Markup BaselineSection(const PageContext& context) {
  static const Template kLead("lead.html");
  const auto& baseline = context.report.baseline;
  if (!baseline) return {};
  Markup html = Rows("Regressed", baseline->regressed, false);
  html += Rows("Vanished", baseline->vanished, false);
  html += Rows("Not proven any more", baseline->unproven, false);
  if (html.empty()) html = kLead.Fill({{"text", "Nothing regressed, and nothing vanished."}});
  html += Rows("Fixed", baseline->fixed, true);
  html += Rows("New", baseline->appeared, true);
  html += Rows("Within the noise", baseline->noise, true);
  return Section("baseline", "Since the baseline", baseline->old_report, html);
}

Markup StatisticSection(const PageContext& context) {
  static const Template kList("plain-list.html"), kItem("item.html");
  Markup items;
  for (const auto& statistic : context.report.statistics)
    items += kItem.Fill({{"text", Visible(statistic.text, kMessageLimit)}});
  if (items.empty()) return {};
  return Section("statistics", "What the counts prove", "", kList.Fill({{"items", items}}));
}

Markup BenchmarkSection(const PageContext& context) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& benchmark : context.report.benchmarks) {
    rows.push_back({benchmark.name, Spread(benchmark), Wanted(benchmark),
                    fmt::format("{}", benchmark.samples.size()),
                    benchmark.samples.empty() ? benchmark.not_measured : benchmark.about});
  }
  if (rows.empty()) return {};
  return Section(
      "benchmarks", "Benchmarks", "",
      Table("", {"Benchmark", "Median [least, most]", "Wanted", "Rounds", "About"}, rows));
}

}  // namespace touchstone
