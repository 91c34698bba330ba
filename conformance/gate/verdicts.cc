#include "conformance/gate/verdicts.h"

#include <fmt/format.h>

#include "conformance/fuzz/story.h"

namespace touchstone::gate {
namespace {

Judgement Interrupted() { return Judgement::Inconclusive("interrupted"); }

}  // namespace

Judgement JudgeLoad(LoadResult load) {
  if (load.interrupted) return Interrupted();
  auto judgement = Judgement::From(std::move(load.violations), std::move(load.transcript));
  judgement.counted = Counted{"requests", load.sent, load.as_expected};
  return judgement;
}

Judgement JudgeSearch(const fuzz::CampaignResult& result) {
  if (result.interrupted) return Interrupted();
  auto story = fuzz::StoryOf(result);
  auto judgement = Judgement::From(std::move(story.violations), std::move(story.transcript));
  const auto found = static_cast<std::int64_t>(result.findings.size() + result.repeated);
  const auto inputs = static_cast<std::int64_t>(result.inputs);
  judgement.counted = Counted{"inputs", inputs, std::max<std::int64_t>(0, inputs - found)};
  return judgement;
}

Judgement JudgeHunt(const model::Hunted& hunted, int programs) {
  if (!hunted.not_played.empty())
    return Judgement::Inconclusive("not played: " + hunted.not_played);
  std::vector<Violation> violations;
  std::string transcript;
  if (hunted.find) {
    violations = hunted.find->played.violations;
    transcript = model::Describe(*hunted.find) + "\n" + hunted.find->played.transcript;
  } else if (hunted.lost * 20 > hunted.programs) {
    return Judgement::Inconclusive(fmt::format(
        "{} of {} programs raced more than the model can follow", hunted.lost, hunted.programs));
  } else if (hunted.programs < programs) {
    return Judgement::Inconclusive(
        fmt::format("{} of {} programs were played", hunted.programs, programs));
  }
  auto judgement = Judgement::From(std::move(violations), std::move(transcript));
  // Those that the model lost prove nothing.
  const int judged = hunted.programs - hunted.lost;
  judgement.counted = Counted{"programs", judged, judged - (hunted.find ? 1 : 0)};
  return judgement;
}

Judgement JudgeSelftest(const KillMatrix& matrix) {
  if (matrix.interrupted) return Interrupted();
  const auto all = FormatMatrix(matrix);
  if (!matrix.bites()) {
    return Judgement::HarnessBug(
        fmt::format("the judge does not bite: of {} defective hosts it noticed {} by the right "
                    "requirement; {} survived, {} were not judged, {} false alarms",
                    matrix.trials.size(), matrix.Count(Fate::kRight), matrix.Count(Fate::kSurvived),
                    matrix.Count(Fate::kNotJudged), matrix.false_alarms.size()),
        all);
  }
  Judgement judgement = Judgement::Pass();
  judgement.message = fmt::format("{} defective hosts, {} noticed by the right requirement",
                                  matrix.trials.size(), matrix.Count(Fate::kRight));
  judgement.transcript = all;
  return judgement;
}

Judgement JudgeSoak(const soak::Summary& summary) {
  std::vector<Violation> violations;
  std::string transcript =
      fmt::format("{} soak {} in mode {}, {}: {:.0f} s, {} of {} answered\n", summary.host.name,
                  summary.mix, summary.mode, summary.arrivals, summary.soaked_s,
                  summary.host.answered, summary.host.intended);
  for (const auto& failure : summary.host.failures) {
    violations.push_back({failure.requirement, failure.message});
    transcript +=
        fmt::format("at {:.1f} s: {}: {}\n", failure.at_s, failure.requirement, failure.message);
  }
  for (const auto& trend : summary.host.trends) {
    const bool rises = trend.verdict == soak::TrendVerdict::kRises;
    const auto story =
        fmt::format("{}: {:.4g} {}/h (allowed {:.4g}), p = {:.2g}, {} points: {}", trend.what,
                    trend.slope_per_hour, trend.unit, trend.tolerance_per_hour, trend.p,
                    trend.points, trend.message.empty() ? "steady" : trend.message);
    transcript += fmt::format("{} {}\n", trend.requirement, story);
    if (rises) violations.push_back({trend.requirement, story});
  }
  if (summary.verdict == "fail" && violations.empty())
    violations.push_back({"LOAD-01", summary.reason});
  // A number of requests is a load: that each was answered right is all that it asks.
  const bool is_load = summary.asked_requests && !summary.asked_s &&
                       summary.verdict == "not judged" && summary.host.answered > 0 &&
                       !summary.segments.empty() && summary.segments.back().ended == "complete";
  if (violations.empty() && summary.verdict != "pass" && !is_load)
    return Judgement::Inconclusive(summary.reason, std::move(transcript));
  auto judgement = Judgement::From(std::move(violations), std::move(transcript));
  judgement.counted =
      Counted{"requests", summary.host.intended,
              std::max<std::int64_t>(0, summary.host.answered - summary.host.unexpected)};
  if (judgement.verdict == Verdict::kPass)
    judgement.message = fmt::format("{:.0f} s; {}", summary.soaked_s, summary.reason);
  return judgement;
}

}  // namespace touchstone::gate
