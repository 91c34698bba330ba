// `touchstone fault NAME`: one scenario at one host, told as a story, with the verdict at its end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "conformance/commands/flags.h"
#include "conformance/commands/scenarios.h"
#include "conformance/golden/timeline.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

void PrintProof(const Scenario& scenario, const PlayResult& result) {
  fmt::print("\nProof that the fault happened, from the provider's journal:\n");
  for (const auto& held : result.proven) fmt::print("  holds      {}\n", held);
  if (!result.unproven.empty()) fmt::print("  DOES NOT   {}\n", result.unproven);
  if (scenario.play.proof.empty()) fmt::print("  none\n");
}

void PrintRequirement(const Catalogue& catalogue, const std::string& id,
                      const std::vector<Violation>& violations) {
  const auto broken = std::ranges::find(violations, id, &Violation::requirement);
  const Requirement* row = catalogue.Find(id);
  fmt::print("  {:<10} {}", broken == violations.end() ? "kept" : "BROKEN", id);
  if (row) {
    fmt::print(" ({} {}): {}{}", row->level, row->milestone,
               row->condition.empty() ? "" : row->condition + " => ", row->text);
  }
  fmt::print("\n");
  if (broken != violations.end()) fmt::print("             {}\n", broken->message);
}

// Requirements that were seen broken and that the scenario is not about: what each play looks at.
std::vector<std::string> BrokenBesides(const Scenario& scenario, const PlayResult& result) {
  std::vector<std::string> ids;
  for (const auto& violation : result.violations) {
    const auto& id = violation.requirement;
    if (std::ranges::count(scenario.play.requirements, id) + std::ranges::count(ids, id) == 0)
      ids.push_back(id);
  }
  return ids;
}

// Each requirement that the scenario is about, and each other that was seen broken.
int PrintVerdict(const Catalogue& catalogue, const Scenario& scenario, const PlayResult& result) {
  fmt::print("\nVerdict:\n");
  for (const auto& id : scenario.play.requirements)
    PrintRequirement(catalogue, id, result.violations);
  for (const auto& id : BrokenBesides(scenario, result))
    PrintRequirement(catalogue, id, result.violations);
  return result.violations.empty() ? 0 : 1;
}

// What needs no fault to be wrong is wrong all the same.
int PrintNoVerdict(const Catalogue& catalogue, const Scenario& scenario, const PlayResult& result,
                   const Record& record) {
  fmt::print("\nNO VERDICT on {}: the fault is not proven, so this says nothing about the host.\n",
             fmt::join(scenario.play.requirements, ", "));
  if (record.provider.calls.empty() && record.provider.connections == 0) {
    fmt::print(
        "The host never called the provider. It should call the address that the profile's "
        "environment names.\n");
  }
  const auto besides = BrokenBesides(scenario, result);
  if (besides.empty()) {
    if (!result.violations.empty())
      fmt::print("What the play met: {}\n", result.violations.front().message);
    return 4;
  }
  fmt::print("\nBroken whatever the provider does:\n");
  for (const auto& id : besides) PrintRequirement(catalogue, id, result.violations);
  return 1;
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
  if (!result.unproven.empty()) return PrintNoVerdict(catalogue, scenario, result, record);
  return PrintVerdict(catalogue, scenario, result);
}

class FaultCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    app.add_option("scenario", scenario_, "a name (`touchstone scenarios list`) or a file")
        ->required();
    AddHostFlags(app, options);
    app.add_option_function<std::string>(
        "--mode", [this](const std::string& text) { SetMode(text); },
        "S, O or B; default: the scenario's first");
  }

  int Run(const Options& options, const Context& context) override;

 private:
  void SetMode(const std::string& text) {
    mode_ = ModeFromString(text);
    if (!mode_ || *mode_ == Mode::kNone)
      throw CLI::ValidationError("--mode", fmt::format("S, O or B expected, got \"{}\"", text));
  }

  std::string scenario_;
  std::optional<Mode> mode_;
};

int FaultCommand::Run(const Options& options, const Context& context) {
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return Complain({catalogue.error(), 2});
  auto scenario = FindScenario(options, scenario_);
  if (!scenario) return Complain(scenario.error());
  const auto& modes = scenario->play.modes;
  const Mode mode = mode_.value_or(modes.front());
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
  // The host was killed in the middle: whatever it did then is not its own doing.
  if (context.stop.stop_requested()) {
    fmt::print("{}\nInterrupted: no verdict.\n", FormatTimeline(TimelineOf(record)));
    std::fflush(stdout);
    return 130;
  }
  const int status = Tell(*catalogue, *scenario, result, record);
  std::fflush(stdout);
  return status;
}

const CommandRegistration<FaultCommand> kFault(
    {.name = "fault",
     .about = "play one fault scenario at a host and tell what happened, step by step",
     .group = CommandGroup::kFaults,
     .examples = R"(
  touchstone fault retry-after-zero               the bundled reference host
  touchstone fault stall-mid-stream --mode O --host-bin ./zene
  touchstone scenarios list                       all there are: docs/fault-scenarios.md)"});

}  // namespace
}  // namespace touchstone
