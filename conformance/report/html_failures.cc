// What failed: each with the requirements that it broke, the command that plays it again, and what
// happened as a sequence diagram.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/report/html.h"

namespace touchstone {
namespace {

// A page of many failures stays below 3 MiB: when this much is written, diagrams are left out; when
// that much, the failures are only listed among the results.
constexpr std::size_t kDiagramBytes = 900'000, kBodyBytes = 1'500'000;
constexpr std::size_t kMessageLimit = 1500, kMomentLimit = 300, kViolationsShown = 12;
constexpr int kOpenAtFirst = 2;

enum class Lane { kCaller, kHost, kProvider, kNone };

Lane LaneOf(std::string_view who) {
  if (who.empty()) return Lane::kNone;
  if (who == "caller") return Lane::kCaller;
  return who == "provider" ? Lane::kProvider : Lane::kHost;
}

bool SaysWhatBroke(const Moment& moment, const std::vector<Violation>& violations) {
  if (!moment.to.empty()) return false;
  return moment.what.starts_with("step failed: ") ||
         std::ranges::any_of(violations, [&](const Violation& violation) {
           return moment.what.starts_with(violation.requirement + ": ");
         });
}

// The class of the arrow between two lanes.
std::string_view KindOf(const Moment& moment, const std::vector<Violation>& violations) {
  if (SaysWhatBroke(moment, violations)) return "bad";
  const Lane from = LaneOf(moment.from), to = LaneOf(moment.to);
  if (from == Lane::kCaller && to == Lane::kHost) return "ch";
  if (from == Lane::kHost && to == Lane::kCaller) return "hc";
  if (from == Lane::kHost && to == Lane::kProvider) return "hp";
  if (from == Lane::kProvider && to == Lane::kHost) return "ph";
  return "note";
}

// Which process, where it is not plainly "host".
Markup TagOf(const Moment& moment) {
  static const Template kTag("moment-tag.html");
  for (const auto& who : {moment.from, moment.to}) {
    if (LaneOf(who) == Lane::kHost && who != "host" && who != "judge")
      return kTag.Fill({{"who", Visible(who, 24)}});
  }
  return {};
}

Markup Diagram(const Judgement& judgement) {
  static const Template kDiagram("diagram.html"), kMoment("moment.html");
  Markup moments;
  for (const Moment& moment : judgement.timeline) {
    const std::string who =
        moment.to.empty() ? moment.from : fmt::format("{} to {}", moment.from, moment.to);
    moments += kMoment.Fill({{"kind", KindOf(moment, judgement.violations)},
                             {"ms", fmt::format("{:.1f}", moment.ms)},
                             {"who", Visible(who, 60)},
                             {"tag", TagOf(moment)},
                             {"what", Visible(moment.what, kMomentLimit)}});
  }
  return kDiagram.Fill({{"moments", moments}});
}

Markup Violations(const Judgement& judgement) {
  static const Template kList("violations.html"), kOne("violation.html"), kId("violation-id.html"),
      kPlain("lead.html");
  if (judgement.violations.empty())
    return kPlain.Fill({{"text", Visible(judgement.message, kMessageLimit)}});
  Markup items;
  std::size_t shown = 0;
  const auto& all = judgement.violations;
  for (auto at = all.begin(); at != all.end() && shown < kViolationsShown;) {
    // A step is about several requirements: they share its message.
    Markup ids;
    const std::string& message = at->message;
    for (; at != all.end() && at->message == message; ++at, ++shown)
      ids += kId.Fill({{"id", at->requirement}});
    items += kOne.Fill({{"ids", ids}, {"message", Visible(message, kMessageLimit)}});
  }
  Markup list = kList.Fill({{"items", items}});
  if (all.size() > shown)
    list += kPlain.Fill({{"text", fmt::format("… and {} more", all.size() - shown)}});
  return list;
}

// A check that was not played for want of patience (drive/patience.h) has nothing to show.
bool WasNotPlayed(const Judgement& judgement) {
  return judgement.verdict == Verdict::kFail && judgement.violations.empty() &&
         judgement.timeline.empty();
}

bool IsFailure(Verdict verdict) { return verdict != Verdict::kPass && verdict != Verdict::kSkip; }

Markup Failure(const Report& report, const CheckResult& result, const std::string& id, bool open,
               bool with_diagram) {
  static const Template kFailure("failure.html"), kReplay("replay.html"), kFile("transcript.html"),
      kQuiet("quiet.html");
  const Judgement& judgement = result.judgement;
  Markup diagram;
  if (!judgement.timeline.empty()) {
    diagram = with_diagram ? Diagram(judgement)
                           : kQuiet.Fill({{"text",
                                           "The diagram is left out to keep this page small; the "
                                           "transcript has it all."}});
  }
  std::string label(LabelOf(ToString(judgement.verdict)));
  if (const auto& attempts = result.attempts)
    label += fmt::format(", {} of {} failed", attempts->fail, attempts->total());
  const bool has_file = !result.transcript_file.empty();
  return kFailure.Fill(
      {{"verdict", ToString(judgement.verdict)},
       {"label", label},
       {"id", id},
       {"open", Literal(open ? " open" : "")},
       {"check", Visible(result.check, 200)},
       {"mode", ToString(result.mode)},
       {"first", Visible(judgement.message, 240)},
       {"violations", Violations(judgement)},
       {"replay", kReplay.Fill({{"command", ReplayCommand(report, result)}})},
       {"diagram", diagram},
       {"transcript", has_file ? kFile.Fill({{"file", result.transcript_file}}) : Markup()}});
}

// What failed comes before what could not be judged.
std::vector<std::size_t> InOrder(const std::vector<CheckResult>& results) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Judgement& judgement = results[i].judgement;
    if (IsFailure(judgement.verdict) && !WasNotPlayed(judgement)) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return results[i].judgement.verdict == Verdict::kInconclusive;
  });
  return order;
}

}  // namespace

Markup FailureSection(PageContext& context) {
  static const Template kLead("lead.html");
  const auto& results = context.report.results;
  const auto order = InOrder(results);
  Markup list;
  int shown = 0;
  for (const std::size_t i : order) {
    if (list.html.size() > kBodyBytes) break;
    context.failure_ids[i] = fmt::format("f{}", ++shown);
    list += Failure(context.report, results[i], context.failure_ids[i], shown <= kOpenAtFirst,
                    list.html.size() < kDiagramBytes);
  }
  const auto unplayed = std::ranges::count_if(
      results, [](const CheckResult& result) { return WasNotPlayed(result.judgement); });
  if (order.empty() && unplayed == 0) return {};
  if (unplayed > 0) {
    list += kLead.Fill({{"text", fmt::format("{} not played; the table of results says why.",
                                             Plural(unplayed, "check"))}});
  }
  const int left = static_cast<int>(order.size()) - shown;
  if (left > 0) {
    list += kLead.Fill({{"text", fmt::format("… and {} more, which the table of results lists and "
                                             "report.json holds in full.",
                                             left)}});
  }
  return Section("failures", "Failures", fmt::format("{}", order.size()), list);
}

}  // namespace touchstone
