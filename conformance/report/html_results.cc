// All results as one table, with the filter that JavaScript makes of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "conformance/report/html.h"

namespace touchstone {
namespace {

// Beyond this size messages are only their beginning.
constexpr std::size_t kRoomyBytes = 500'000, kMessageLimit = 240, kShortLimit = 50;

Markup Row(const CheckResult& result, const std::string& failure_id, std::size_t limit) {
  static const Template kRow("result.html"), kLink("result-link.html");
  const auto verdict = ToString(result.judgement.verdict);
  const auto name = Visible(result.check, 160);
  return kRow.Fill(
      {{"verdict", verdict},
       {"mode", ToString(result.mode)},
       {"glyph", GlyphOf(verdict)},
       {"label", LabelOf(verdict)},
       {"check",
        failure_id.empty() ? Filling(name) : kLink.Fill({{"id", failure_id}, {"name", name}})},
       {"ms", fmt::format("{:.0f}", result.duration_ms)},
       {"message", Visible(result.judgement.message, limit)}});
}

Markup Choices(std::string_view name, const std::set<std::string_view>& values) {
  static const Template kChoice("choice.html");
  Markup choices;
  for (const auto value : values)
    choices += kChoice.Fill({{"name", name}, {"value", value}, {"label", LabelOf(value)}});
  return choices;
}

}  // namespace

Markup ResultSection(const PageContext& context) {
  static const Template kResults("results.html");
  const auto& results = context.report.results;
  if (results.empty()) return {};
  Markup rows;
  std::set<std::string_view> verdicts, modes;
  for (std::size_t i = 0; i < results.size(); ++i) {
    verdicts.insert(ToString(results[i].judgement.verdict));
    modes.insert(ToString(results[i].mode));
    rows += Row(results[i], context.failure_ids[i],
                rows.html.size() < kRoomyBytes ? kMessageLimit : kShortLimit);
  }
  return Section("results", "Results", fmt::format("{}", results.size()),
                 kResults.Fill({{"verdicts", Choices("verdict", verdicts)},
                                {"modes", Choices("mode", modes)},
                                {"rows", rows}}));
}

}  // namespace touchstone
