// `touchstone scenarios list` and `show NAME`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conformance/commands/flags.h"
#include "conformance/commands/scenarios.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

int Show(const Options& options, const std::string& name) {
  auto scenario = FindScenario(options, name);
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

int List(const Options& options) {
  auto scenarios = LoadAllScenarios(options);
  if (!scenarios) return Complain(scenarios.error());
  for (const auto& one : *scenarios) {
    fmt::print("{:<32} {:<18} {}\n", one.name,
               fmt::format("{}", fmt::join(one.play.requirements, ",")), one.about);
  }
  return 0;
}

class ScenariosCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options&) override {
    app.require_subcommand(1);
    app.add_subcommand("list", "name, requirements and fault of each");
    app.add_subcommand("show", "one scenario in full")
        ->add_option("name", name_, "a name, or a file")
        ->required();
  }

  int Run(const Options& options, const Context&) override {
    return name_.empty() ? List(options) : Show(options, name_);
  }

 private:
  std::string name_;  // empty: list
};

const CommandRegistration<ScenariosCommand> kScenarios({.name = "scenarios",
                                                        .about = "the fault scenarios: list, show "
                                                                 "NAME",
                                                        .group = CommandGroup::kFaults,
                                                        .examples = R"(
  touchstone scenarios list
  touchstone scenarios show flapping)",
                                                        .starts_processes = false});

}  // namespace
}  // namespace touchstone
