#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conformance/checks/check.h"
#include "conformance/commands/coverage.h"
#include "conformance/commands/flags.h"

namespace touchstone {
namespace {

int ListRequirements(const Options& options, const Suite& suite, bool uncovered) {
  auto coverage = Coverage(suite);
  if (!coverage) return Complain({coverage.error()});
  for (const auto& row : *coverage) {
    const Requirement& requirement = *row.requirement;
    if (requirement.milestone > options.milestone ||
        !options.filter.Admits(requirement.area() + "/", {requirement.id}))
      continue;
    if (uncovered && row.uncovered_modes.empty()) continue;
    fmt::print("{:<10} {:<6} {} {:<5} {}{}\n", requirement.id, requirement.level,
               requirement.milestone, ModesText(requirement.modes),
               row.uncovered_modes.empty()
                   ? ""
                   : "[not judged in " + ModesText(row.uncovered_modes) + "] ",
               requirement.condition.empty() ? requirement.text
                                             : requirement.condition + " => " + requirement.text);
  }
  return 0;
}

int ListCases(const Options& options, const Suite& suite) {
  for (const Case& one : suite.cases) {
    if (!options.filter.Admits(one.name, one.requirements)) continue;
    fmt::print("{:<48} {:<6} {:<24} {}\n", one.name, ModesText(one.modes),
               fmt::format("{}", fmt::join(one.requirements, ",")), one.about);
  }
  return 0;
}

int ListChecks(const Options& options) {
  for (const Check& check : Checks()) {
    if (!options.filter.Admits(check.name, check.requirements)) continue;
    fmt::print("{:<48} {:<6} {:<24} {}\n", check.name, ModesText(check.modes),
               fmt::format("{}", fmt::join(check.requirements, ",")), check.about);
  }
  return 0;
}

class ListCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    app.add_option("what", what_, "requirements, cases or checks")
        ->required()
        ->check(CLI::IsMember({"requirements", "cases", "checks"}));
    app.add_flag("--uncovered", uncovered_,
                 "requirements: only those that nothing judges, with the modes in which it is so");
    app.add_option("--milestone", options.milestone, "requirements: up to this one")
        ->check(CLI::IsMember({"M1", "M2", "M3"}))
        ->default_str("M1");
    AddAreaFlag(app, options.filter.areas, "only these areas of the contract");
  }

  int Run(const Options& options, const Context&) override {
    auto suite = LoadSuite(options);
    if (!suite) return Complain(suite.error());
    if (what_ == "requirements") return ListRequirements(options, *suite, uncovered_);
    if (what_ == "cases") return ListCases(options, *suite);
    return ListChecks(options);
  }

 private:
  std::string what_;
  bool uncovered_ = false;
};

const CommandRegistration<ListCommand> kList(
    {.name = "list",
     .about = "what there is: requirements, cases or checks",
     .group = CommandGroup::kReports,
     .examples = R"(
  touchstone list requirements --uncovered
  touchstone list cases)",
     .starts_processes = false});

}  // namespace
}  // namespace touchstone
