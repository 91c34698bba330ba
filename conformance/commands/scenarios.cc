#include "conformance/commands/scenarios.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

CommandError Faulty(const std::vector<CaseError>& faults) {
  std::string message = "the scenarios have faults:";
  for (const auto& fault : faults) message += "\n  " + fault.ToString();
  return {message, 2};
}

tl::expected<IsRequirement, CommandError> Requirements(const Options& options) {
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return tl::unexpected(CommandError{catalogue.error(), 2});
  return [known = std::make_shared<Catalogue>(std::move(*catalogue))](const std::string& id) {
    return known->Find(id) != nullptr;
  };
}

}  // namespace

tl::expected<std::vector<Scenario>, CommandError> LoadAllScenarios(const Options& options) {
  auto known = Requirements(options);
  if (!known) return tl::unexpected(known.error());
  auto scenarios = LoadScenarios(options.data_dir / "fault-injection/scenarios", *known);
  if (!scenarios) return tl::unexpected(Faulty(scenarios.error()));
  return std::move(*scenarios);
}

bool IsScenarioFile(const std::string& word) {
  return word.find('/') != std::string::npos || word.ends_with(".json");
}

void PrintRules(const Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.provider.size(); ++i)
    fmt::print("  rule [{}]   {}\n", i, ToJson(scenario.provider[i]));
}

tl::expected<Scenario, CommandError> FindScenario(const Options& options, const std::string& word) {
  if (IsScenarioFile(word)) {
    auto known = Requirements(options);
    if (!known) return tl::unexpected(known.error());
    auto scenario = LoadScenario(word, *known);
    if (!scenario) return tl::unexpected(Faulty(scenario.error()));
    return std::move(*scenario);
  }
  auto all = LoadAllScenarios(options);
  if (!all) return tl::unexpected(all.error());
  const auto found = std::ranges::find(*all, word, &Scenario::name);
  if (found != all->end()) return std::move(*found);
  std::vector<std::string> names;
  for (const auto& one : *all) names.push_back(one.name);
  return tl::unexpected(CommandError{
      fmt::format("there is no scenario \"{}\"; there are: {}", word, fmt::join(names, " ")), 2});
}

}  // namespace touchstone
