// `touchstone fault NAME`: one scenario at one host, told as a story, with the verdict at its end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "conformance/commands/scenarios.h"
#include "conformance/observe/strict_json.h"
#include "conformance/scenario/timeline.h"

namespace touchstone {
namespace {

void PrintRules(const Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.provider.size(); ++i)
    fmt::print("  rule [{}]   {}\n", i, ToJson(scenario.provider[i]));
}

void PrintProof(const Scenario& scenario, const PlayResult& result) {
  fmt::print("\nProof that the fault happened, from the provider's journal:\n");
  for (const auto& held : result.proven) fmt::print("  holds      {}\n", held);
  if (!result.unproven.empty()) fmt::print("  DOES NOT   {}\n", result.unproven);
  if (scenario.play.proof.empty()) fmt::print("  none\n");
}

// Each requirement that the scenario is about, and each other that was seen broken.
int PrintVerdict(const Catalogue& catalogue, const Scenario& scenario, const PlayResult& result) {
  std::vector<std::string> ids = scenario.play.requirements;
  for (const auto& violation : result.violations) {
    if (std::ranges::find(ids, violation.requirement) == ids.end())
      ids.push_back(violation.requirement);
  }
  fmt::print("\nVerdict:\n");
  for (const auto& id : ids) {
    const auto broken = std::ranges::find(result.violations, id, &Violation::requirement);
    const Requirement* row = catalogue.Find(id);
    fmt::print("  {:<10} {}", broken == result.violations.end() ? "kept" : "BROKEN", id);
    if (row) {
      fmt::print(" ({} {}): {}{}", row->level, row->milestone,
                 row->condition.empty() ? "" : row->condition + " => ", row->text);
    }
    fmt::print("\n");
    if (broken != result.violations.end()) fmt::print("             {}\n", broken->message);
  }
  return result.violations.empty() ? 0 : 1;
}

int Tell(const Catalogue& catalogue, const Scenario& scenario, const PlayResult& result,
         const Record& record) {
  fmt::print("{}", FormatTimeline(TimelineOf(record)));
  if (!result.harness_bug.empty()) return Complain({result.harness_bug, 4});
  if (!result.not_playable.empty()) {
    fmt::print("\nskipped: {}\n", result.not_playable);
    return 3;
  }
  PrintProof(scenario, result);
  if (!result.unproven.empty()) {
    fmt::print("\nNO VERDICT: the fault is not proven, so this says nothing about the host.\n");
    if (!result.violations.empty())
      fmt::print("What the play met: {}\n", result.violations.front().message);
    return 4;
  }
  return PrintVerdict(catalogue, scenario, result);
}

}  // namespace

int FaultCommand(const Options& options, const Context& context) {
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return Complain({catalogue.error(), 2});
  auto scenario = FindScenario(options, options.scenario);
  if (!scenario) return Complain(scenario.error());
  const auto& modes = scenario->play.modes;
  // All three: none was chosen.
  const Mode mode = options.soak_modes.size() == 1 ? options.soak_modes.front() : modes.front();
  if (std::ranges::find(modes, mode) == modes.end()) {
    return Complain(
        {fmt::format("{} is not played in mode {}", scenario->name, ToString(mode)), 2});
  }
  Options one_mode = options;
  one_mode.filter.modes = {mode};
  auto session = OpenSession(one_mode, context);
  if (!session) return Complain(session.error());
  fmt::print("{} [{}], host {}\n", scenario->name, ToString(mode), session->rig->profile.name);
  fmt::print("  fault      {}\n  good host  {}\n", scenario->about, scenario->good_host);
  PrintRules(*scenario);
  fmt::print("\n");
  std::fflush(stdout);
  Record record;
  const auto result = PlayCase(*session->rig, scenario->play, mode, &record);
  const int status = Tell(*catalogue, *scenario, result, record);
  std::fflush(stdout);
  return context.stop.stop_requested() ? 130 : status;
}

int ScenariosCommand(const Options& options) {
  if (options.topic == "show") {
    auto scenario = FindScenario(options, options.scenario);
    if (!scenario) return Complain(scenario.error());
    fmt::print("{} [{}]: {}\n", scenario->name, fmt::join(scenario->play.requirements, ", "),
               scenario->about);
    fmt::print("A good host: {}\n\n", scenario->good_host);
    PrintRules(*scenario);
    for (const auto& step : scenario->play.steps) {
      if (step.kind != "provider")
        fmt::print("  play       {}: {}\n", step.kind, ToJson(step.argument));
    }
    for (const auto& step : scenario->play.proof)
      fmt::print("  proof      {}: {}\n", step.kind, ToJson(step.argument));
    fmt::print(
        "\ntouchstone fault {0}                 play it at a host\n"
        "touchstone provider --scenario {0}   let any client meet it\n",
        scenario->name);
    return 0;
  }
  auto scenarios = LoadAllScenarios(options);
  if (!scenarios) return Complain(scenarios.error());
  for (const auto& one : *scenarios) {
    fmt::print("{:<32} {:<18} {}\n", one.name,
               fmt::format("{}", fmt::join(one.play.requirements, ",")), one.about);
  }
  return 0;
}

}  // namespace touchstone
