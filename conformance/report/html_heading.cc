// The top of the page: the verdict, why, and the counts.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "conformance/report/html.h"

namespace touchstone {
namespace {

constexpr std::size_t kReasonsShown = 12, kReasonLimit = 280, kWarningsShown = 300;

// "FRAME-01 (MUST M1) is broken: …" links to the row of the matrix.
Markup Reason(const Report& report, const std::string& message) {
  // Its first line: the failures have the rest.
  const auto text = message.substr(0, message.find('\n'));
  static const Template kItem("item.html"), kLinked("item-linked.html");
  const auto id = text.substr(0, text.find(' '));
  const bool known = std::ranges::any_of(
      report.ledger.requirements, [&](const auto& row) { return row.requirement->id == id; });
  if (!known) return kItem.Fill({{"text", Visible(text, kReasonLimit)}});
  return kLinked.Fill({{"id", id}, {"text", Visible(text.substr(id.size()), kReasonLimit)}});
}

Markup Items(const Report& report, const std::vector<std::string>& list, std::size_t from,
             std::size_t most) {
  Markup items;
  for (std::size_t i = from; i < list.size() && i < from + most; ++i)
    items += Reason(report, list[i]);
  return items;
}

// What a verdict without reasons rests on.
std::string NothingBlocks(const Report& report) {
  std::int64_t gating = 0, pass = 0;
  for (const auto& row : report.ledger.requirements) {
    if (row.requirement->level != "MUST" || row.requirement->milestone > report.milestone) continue;
    ++gating;
    pass += row.verdict == "pass";
  }
  return fmt::format(
      "Nothing blocks: of the {} MUST requirements up to {}, {} were judged and hold, and none was "
      "seen broken.",
      gating, report.milestone, pass);
}

Markup Reasons(const Report& report) {
  static const Template kReasons("reasons.html"), kLead("lead.html"), kWarnings("warnings.html"),
      kMore("more.html");
  const auto& blocking = report.ledger.blocking;
  Markup html;
  if (blocking.empty()) {
    html = kLead.Fill({{"text", NothingBlocks(report)}});
  } else {
    Markup more;
    if (blocking.size() > kReasonsShown) {
      more = kMore.Fill(
          {{"title", Plural(std::ssize(blocking) - std::ptrdiff_t{kReasonsShown}, "more reason")},
           {"start", kReasonsShown + 1},
           {"items", Items(report, blocking, kReasonsShown, kWarningsShown)}});
    }
    html = kReasons.Fill({{"title", "Because"},
                          {"items", Items(report, blocking, 0, kReasonsShown)},
                          {"more", more}});
  }
  const auto& warnings = report.ledger.warnings;
  if (!warnings.empty()) {
    html += kWarnings.Fill({{"count", Plural(std::ssize(warnings), "warning")},
                            {"items", Items(report, warnings, 0, kWarningsShown)}});
  }
  return html;
}

struct Share {
  std::string_view verdict;
  int count;
};

std::vector<Share> Shares(const Summary& s) {
  return {{"pass", s.pass},
          {"fail", s.fail},
          {"harness_bug", s.harness_bug},
          {"flaky", s.flaky},
          {"inconclusive", s.inconclusive},
          {"skip", s.skip}};
}

Markup Bar(const Summary& s) {
  static const Template kBar("bar.html"), kPart("bar-part.html");
  const double all = std::max(1, std::max(s.planned, s.executed));
  Markup parts;
  double x = 0;
  for (const auto& [verdict, count] : Shares(s)) {
    if (count == 0) continue;
    // One of two thousand must be seen, too.
    const double width = std::max(4.0, 1000.0 * count / all);
    parts += kPart.Fill({{"verdict", verdict},
                         {"x", fmt::format("{:.1f}", x)},
                         {"width", fmt::format("{:.1f}", width - 1.5)}});
    x += width;
  }
  return kBar.Fill({{"parts", parts}, {"width", fmt::format("{:.1f}", std::max(1000.0, x))}});
}

Markup Counts(const Summary& s) {
  static const Template kCount("count.html");
  Markup counts;
  for (const auto& [verdict, count] : Shares(s)) {
    if (count == 0 && verdict != "pass" && verdict != "fail") continue;
    counts +=
        kCount.Fill({{"glyph", GlyphOf(verdict)}, {"count", count}, {"label", LabelOf(verdict)}});
  }
  if (s.executed < s.planned) {
    counts +=
        kCount.Fill({{"glyph", "○"}, {"count", s.planned - s.executed}, {"label", "not executed"}});
  }
  return counts;
}

Markup Facts(const Report& report) {
  Markup facts = Fact("Host", report.host_command.empty() ? "—" : report.host_command);
  const Summary& s = report.ledger.summary;
  facts += Fact("Checks", fmt::format("{} planned, {} executed", s.planned, s.executed));
  if (!report.policy.empty()) facts += Fact("Policy", report.policy);
  if (const auto& shard = report.shard)
    facts += Fact("Shard", fmt::format("{} of {}; this is a part", shard->index, shard->of));
  if (report.filtered && !report.shard) facts += Fact("Only a part", "a filter was given");
  facts += Fact("Seed", fmt::format("{}", report.seed));
  facts += Fact("Took", TimeSpan(report.duration_ms / 1000));
  if (report.started_ms > 0) {
    const std::time_t seconds = report.started_ms / 1000;
    facts += Fact("Started", fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(seconds)));
  }
  return facts;
}

}  // namespace

Markup Heading(const PageContext& context, const Markup& contents, const Markup& sections,
               const Markup& footer) {
  static const Template kReport("report.html");
  const Report& report = context.report;
  const auto overall = ToString(report.ledger.overall);
  const bool error = report.ledger.overall == Overall::kError;
  return kReport.Fill({{"overall", overall},
                       {"milestone", report.milestone},
                       {"glyph", report.ledger.exit_status == 0 ? "✓"
                                 : error                        ? "!"
                                                                : "✕"},
                       {"host", Visible(report.host_name, 120)},
                       {"is", error ? "could not be judged:" : "is"},
                       {"verdict", overall},
                       {"reasons", Reasons(report)},
                       {"bar", Bar(report.ledger.summary)},
                       {"counts", Counts(report.ledger.summary)},
                       {"facts", Facts(report)},
                       {"toc", contents},
                       {"sections", sections},
                       {"footer", footer}});
}

}  // namespace touchstone
