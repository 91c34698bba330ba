#include "conformance/run/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <memory>
#include <set>

#include "conformance/golden/case_runner.h"
#include "conformance/run/timing_rule.h"

namespace touchstone {
namespace {

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return text;
}

Judgement Judge(PlayResult played) {
  if (!played.not_playable.empty()) return Judgement::Skip(played.not_playable);
  auto timeline = std::move(played.timeline);
  if (!played.harness_bug.empty())
    return Judgement::HarnessBug(played.harness_bug, std::move(played.transcript))
        .With(std::move(timeline));
  if (!played.unproven.empty()) {
    std::string why = "NO VERDICT: " + played.unproven;
    if (!played.violations.empty()) why += "; the play: " + played.violations.front().message;
    return Judgement::Inconclusive(std::move(why), std::move(played.transcript))
        .With(std::move(timeline));
  }
  return Judgement::From(std::move(played.violations), std::move(played.transcript))
      .With(std::move(timeline));
}

Judgement PlayTimingCase(Rig& rig, const Case& one, Mode mode) {
  return JudgeByTimingRule(
      rig.lag,
      [&] {
        PlayResult played = PlayCase(rig, one, mode);
        Trial trial;
        trial.on_time = played.violations.empty();
        trial.decided =
            !played.only_late && (!played.violations.empty() || !played.not_playable.empty() ||
                                  !played.harness_bug.empty());
        trial.judgement = Judge(std::move(played));
        return trial;
      },
      one.best_of_timing ? 1 : 4);
}

}  // namespace

bool Filter::Admits(const std::string& check, const std::vector<std::string>& requirements) const {
  if (!areas.empty()) {
    const bool in_area = std::any_of(areas.begin(), areas.end(), [&](const std::string& area) {
      if (Upper(check).starts_with(Upper(area) + "/")) return true;
      return std::any_of(requirements.begin(), requirements.end(),
                         [&](const std::string& id) { return id.starts_with(Upper(area) + "-"); });
    });
    if (!in_area) return false;
  }
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return ::fnmatch(glob.c_str(), check.c_str(), 0) == 0;
         });
}

tl::expected<std::vector<Job>, std::string> MakePlan(const std::vector<Case>& cases,
                                                     const std::vector<Check>& checks,
                                                     const Filter& filter) {
  std::vector<Job> jobs;
  const auto wanted = [&](Mode mode) {
    return mode == Mode::kNone ||
           std::find(filter.modes.begin(), filter.modes.end(), mode) != filter.modes.end();
  };
  for (const Case& one : cases) {
    if (!filter.Admits(one.name, one.requirements)) continue;
    // The jobs outlive the vector that the cases came in.
    auto shared = std::make_shared<const Case>(one);
    for (Mode mode : one.modes) {
      if (!wanted(mode)) continue;
      Job job{one.name,         "case",     one.requirements, mode,
              one.capabilities, one.timing, one.serial,       {}};
      if (one.timing)
        job.play = [shared, mode](Rig& rig) { return PlayTimingCase(rig, *shared, mode); };
      else
        job.play = [shared, mode](Rig& rig) { return Judge(PlayCase(rig, *shared, mode)); };
      jobs.push_back(std::move(job));
    }
  }
  for (const Check& check : checks) {
    if (!filter.Admits(check.name, check.requirements)) continue;
    for (Mode mode : check.modes) {
      if (!wanted(mode)) continue;
      jobs.push_back({check.name, "check", check.requirements, mode, check.capabilities,
                      check.timing, check.serial, [play = check.play, mode](Rig& rig) {
                        if (mode != Mode::kNone && !rig.profile.CommandFor(mode)) {
                          return Judgement::Skip(fmt::format(
                              "the profile has no command for mode {}", ToString(mode)));
                        }
                        return play(rig, mode);
                      }});
    }
  }
  if (!jobs.empty()) return jobs;
  std::set<std::string> areas;
  for (const Case& one : cases) areas.insert(one.name.substr(0, one.name.find('/')));
  for (const Check& check : checks) areas.insert(check.name.substr(0, check.name.find('/')));
  return tl::unexpected(
      fmt::format("the filter matches none of {} cases and {} checks; areas: {}; `touchstone list "
                  "cases` shows all names",
                  cases.size(), checks.size(), fmt::join(areas, " ")));
}

}  // namespace touchstone
