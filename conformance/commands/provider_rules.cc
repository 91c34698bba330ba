#include "conformance/commands/provider_rules.h"

#include <fmt/format.h>

#include <optional>

#include "conformance/commands/scenarios.h"
#include "conformance/observe/json_file.h"
#include "conformance/profile/substitute.h"

namespace touchstone {
namespace {

using boost::json::array;
using boost::json::value;
using Path = std::vector<std::string>;

constexpr std::string_view kKey = "sk-mock";  // ${provider.key}, where no host has one

tl::expected<std::vector<provider::Rule>, provider::RuleError> Parse(const array& given,
                                                                     const provider::Lane& lane) {
  const Lookup lookup = [&](std::string_view name) -> std::optional<value> {
    if (name == "provider.base_url") return value(lane.base_url() + "/v1");
    if (name == "provider.key") return value(kKey);
    if (name == "provider.model") return value("mock-model");
    return std::nullopt;
  };
  return provider::ParseRules(Substitute(given, lookup, true));
}

// "[1].respond.hang" as a path in a file, where the rules are below `path`.
Path Below(Path path, std::string_view rule_path) {
  std::string word;
  for (const char c : std::string(rule_path) + ".") {
    if (c != '[' && c != ']' && c != '.') {
      word += c;
    } else if (!word.empty()) {
      path.push_back(std::exchange(word, {}));
    }
  }
  return path;
}

// Nothing when the file is neither of the two: then it is a scenario.
std::optional<tl::expected<ProviderRules, CommandError>> FromRules(const JsonFile& file,
                                                                   const provider::Lane& lane) {
  const value* list = &file.value;
  Path path;
  if (const auto* keys = file.value.if_object()) {
    list = keys->if_contains("rules");
    if (!list) return std::nullopt;
    path = {"rules"};
    for (const auto& [key, ignored] : *keys) {
      if (key == "rules") continue;
      const auto fault = file.Fault({std::string(key)}, "unknown key beside `rules`");
      return tl::unexpected(CommandError{fault, 2});
    }
  }
  if (!list->is_array()) {
    return tl::unexpected(CommandError{file.Fault(path, "expected a list of rules"), 2});
  }
  ProviderRules loaded{file.file.string(), "", list->get_array(), {}};
  auto rules = Parse(loaded.given, lane);
  if (!rules) {
    const auto& [where, message] = rules.error();
    const auto fault = file.Fault(Below(path, where), fmt::format("{}: {}", where, message));
    return tl::unexpected(CommandError{fault, 2});
  }
  loaded.rules = std::move(*rules);
  return loaded;
}

}  // namespace

tl::expected<ProviderRules, CommandError> LoadProviderRules(const Options& options,
                                                            const std::string& word,
                                                            const provider::Lane& lane) {
  if (IsScenarioFile(word)) {
    const auto file = ReadJsonFile(word);
    if (!file) return tl::unexpected(CommandError{file.error(), 2});
    if (auto loaded = FromRules(*file, lane)) return std::move(*loaded);
  }
  auto scenario = FindScenario(options, word);
  if (!scenario) return tl::unexpected(scenario.error());
  auto rules = Parse(scenario->provider, lane);
  if (!rules) {
    const auto& [where, message] = rules.error();
    return tl::unexpected(CommandError{fmt::format("{}{}: {}", word, where, message), 2});
  }
  return ProviderRules{scenario->name, scenario->about, scenario->provider, std::move(*rules)};
}

}  // namespace touchstone
