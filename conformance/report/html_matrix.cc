// Every requirement by area and mode, with its text and what saw it broken.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "conformance/report/html.h"

namespace touchstone {
namespace {

constexpr std::size_t kSeenShown = 4;

using Seen = std::map<std::string, std::vector<std::size_t>>;  // requirement -> results

Seen WhoSawBroken(const std::vector<CheckResult>& results) {
  Seen seen;
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::set<std::string> broken;
    for (const auto& violation : results[i].judgement.violations)
      broken.insert(violation.requirement);
    for (const auto& id : broken) seen[id].push_back(i);
  }
  return seen;
}

Markup SeenBy(const PageContext& context, const std::vector<std::size_t>& results) {
  static const Template kSeen("seen.html"), kLink("seen-link.html"), kPlain("seen-plain.html");
  Markup links;
  for (std::size_t n = 0; n < results.size() && n < kSeenShown; ++n) {
    const auto& result = context.report.results[results[n]];
    const auto& id = context.failure_ids[results[n]];
    const auto name = fmt::format("{} [{}]", Visible(result.check, 120), ToString(result.mode));
    if (n > 0) links += Literal(", ");
    links += id.empty() ? kPlain.Fill({{"name", name}}) : kLink.Fill({{"id", id}, {"name", name}});
  }
  const auto more = results.size() > kSeenShown
                        ? fmt::format(" and {} more", results.size() - kSeenShown)
                        : std::string();
  return kSeen.Fill({{"links", links}, {"more", more}});
}

Markup Cells(const RequirementVerdict& row) {
  static const Template kCell("cell.html");
  Markup cells;
  for (const Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge, Mode::kNone}) {
    const auto found = row.modes.find(mode);
    const bool asked = found != row.modes.end();
    const std::string_view verdict = asked ? std::string_view(found->second) : "na";
    cells += kCell.Fill({{"mode", ToString(mode)},
                         {"verdict", verdict},
                         {"label", asked ? LabelOf(verdict) : "not in this mode"},
                         {"glyph", asked ? GlyphOf(verdict) : "·"}});
  }
  return cells;
}

Markup Row(const PageContext& context, const RequirementVerdict& row, const Seen& seen) {
  static const Template kRow("requirement.html"), kWaived("waived.html");
  const auto found = seen.find(row.requirement->id);
  return kRow.Fill({{"id", row.requirement->id},
                    {"verdict", row.verdict},
                    {"level", row.requirement->level},
                    {"milestone", row.requirement->milestone},
                    {"waived", row.waived ? kWaived.Fill({}) : Markup()},
                    {"cells", Cells(row)},
                    {"text", row.requirement->text},
                    {"seen", found == seen.end() ? Markup() : SeenBy(context, found->second)}});
}

struct AreaRows {
  Markup strip, rows;
  int count = 0, pass = 0, fail = 0;
  bool look = false;  // something in it is worth a look
};

// "1 broken, 16 of 17 hold".
Markup CountOf(const AreaRows& area) {
  static const Template kBroken("acount.html");
  const auto hold = fmt::format("{} of {} hold", area.pass, area.count);
  return kBroken.Fill(
      {{"broken", area.fail ? fmt::format("{} broken, ", area.fail) : ""}, {"hold", hold}});
}

Markup Legend() {
  static const Template kLegend("legend.html"), kEntry("legend-entry.html");
  Markup entries;
  for (const auto verdict : {"pass", "fail", "inconclusive", "skip", "uncovered"})
    entries += kEntry.Fill({{"glyph", GlyphOf(verdict)}, {"label", LabelOf(verdict)}});
  return kLegend.Fill({{"entries", entries}});
}

}  // namespace

Markup MatrixSection(const PageContext& context) {
  static const Template kArea("area.html"), kMark("strip.html");
  const auto seen = WhoSawBroken(context.report.results);
  std::vector<std::string> order;
  std::map<std::string, AreaRows> areas;
  int judged = 0;
  for (const auto& row : context.report.ledger.requirements) {
    const auto id = row.requirement->area();
    if (!areas.contains(id)) order.push_back(id);
    AreaRows& area = areas[id];
    ++area.count;
    area.pass += row.verdict == "pass";
    area.fail += row.verdict == "fail";
    area.look |= row.verdict == "fail" || row.verdict == "flaky" || row.verdict == "inconclusive";
    judged += row.verdict == "pass" || row.verdict == "fail";
    area.strip += kMark.Fill({{"verdict", row.verdict}});
    area.rows += Row(context, row, seen);
  }
  if (order.empty()) return {};
  Markup html = Legend();
  for (const auto& id : order) {
    const auto& all = context.report.areas;
    const auto known = std::ranges::find(all, id, &Area::id);
    html += kArea.Fill({{"id", id},
                        {"title", known == all.end() ? std::string() : known->title},
                        {"open", Literal(areas[id].look ? " open" : "")},
                        {"strip", areas[id].strip},
                        {"count", CountOf(areas[id])},
                        {"rows", areas[id].rows}});
  }
  return Section("requirements", "Requirements",
                 fmt::format("{} of {} judged", judged, context.report.ledger.requirements.size()),
                 html);
}

}  // namespace touchstone
