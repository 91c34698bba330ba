#include "conformance/scenario/scenario_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "conformance/golden/step_kinds.h"
#include "conformance/observe/json_file.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"
#include "fault-injection/provider/rule.h"

namespace touchstone {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using Path = std::vector<std::string>;

constexpr std::array<std::string_view, 12> kKeys = {
    "name", "about",        "good_host", "requirements", "modes", "env",
    "play", "capabilities", "dialects",  "provider",     "proof", "timing"};
// What goes into the first line of a case as it is.
constexpr std::array<std::string_view, 7> kOfTheCase = {
    "about", "requirements", "modes", "env", "capabilities", "dialects", "timing"};
constexpr std::array<std::string_view, 3> kProofs = {"provider_did", "does_not_resolve",
                                                     "refuses_connections"};

// "[1].respond.hang" as a path.
Path RulePath(std::string_view text) {
  Path path;
  std::string word;
  for (const char c : std::string(text) + ".") {
    if (c != '[' && c != ']' && c != '.') {
      word += c;
    } else if (!word.empty()) {
      path.push_back(std::exchange(word, {}));
    }
  }
  return path;
}

class Reader {
 public:
  Reader(JsonFile file, const IsRequirement& is_requirement)
      : file_(std::move(file)), is_requirement_(is_requirement) {}

  void Read() {
    const auto* keys = file_.value.if_object();
    if (!keys) return Fault({}, "expected a JSON object");
    for (const auto& [key, ignored] : *keys) {
      if (std::ranges::find(kKeys, std::string_view(key)) == kKeys.end()) {
        Fault({std::string(key)}, fmt::format("unknown key \"{}\"; known: {}",
                                              std::string_view(key), fmt::join(kKeys, " ")));
      }
    }
    const auto stem = file_.file.stem().string();
    scenario_.name = Sentence(*keys, "name", "the file's name");
    if (!scenario_.name.empty() && scenario_.name != stem)
      Fault({"name"}, fmt::format("`name` must be the file's name, \"{}\"", stem));
    scenario_.about = Sentence(*keys, "about", "a sentence: what the provider does");
    scenario_.good_host = Sentence(*keys, "good_host", "a sentence: what a good host does");
    const array* rules = List(*keys, "provider", "the provider's rules");
    const array* play = List(*keys, "play", "the steps");
    const array* proof = List(*keys, "proof", "what proves that the fault happened");
    if (!rules || !play || !proof) return;
    ReadRules(*rules);
    ReadPlay(*keys, *play, *proof);
  }

  std::vector<CaseError> faults_;
  Scenario scenario_;

 private:
  void Fault(const Path& path, std::string message) {
    const int line = LineOf(file_.text, path);
    const bool known = std::ranges::any_of(faults_, [&](const CaseError& fault) {
      return fault.line == line && fault.message == message;
    });
    if (!known) faults_.push_back({file_.file, line, std::move(message)});
  }

  std::string Sentence(const object& keys, const std::string& key, std::string_view what) {
    const value* text = keys.if_contains(key);
    if (text && text->is_string() && !text->get_string().empty())
      return std::string(text->get_string());
    Fault({key}, fmt::format("`{}` must be {}", key, what));
    return {};
  }

  const array* List(const object& keys, const std::string& key, std::string_view what) {
    const value* list = keys.if_contains(key);
    if (list && list->is_array() && !list->get_array().empty()) return &list->get_array();
    Fault({key}, fmt::format("`{}` must be a list that is not empty: {}", key, what));
    return nullptr;
  }

  void ReadRules(const array& rules) {
    scenario_.provider = rules;
    if (const auto parsed = provider::ParseRules(rules); !parsed) {
      Path path = RulePath(parsed.error().path);
      path.insert(path.begin(), "provider");
      Fault(path, fmt::format("provider{}: {}", parsed.error().path, parsed.error().message));
    }
  }

  // The scenario as the text of a case file: its reader knows the language. Line 1 is the head, 2
  // the rules, then the play, then the proof.
  void ReadPlay(const object& keys, const array& play, const array& proof) {
    object head{{"case", scenario_.name}};
    for (const auto key : kOfTheCase) {
      if (const value* found = keys.if_contains(key)) head[key] = *found;
    }
    std::vector<Path> paths{{}, {"provider"}};
    std::string text = ToJson(head) + "\n" + ToJson(object{{"provider", scenario_.provider}});
    const auto add = [&](const std::string& key, const array& steps) {
      for (std::size_t i = 0; i < steps.size(); ++i) {
        text += "\n" + ToJson(steps[i]);
        paths.push_back({key, std::to_string(i)});
      }
    };
    add("play", play);
    add("proof", proof);
    CheckKinds(play, proof);
    const auto cases = ParseCaseFile(file_.file, scenario_.name, text, is_requirement_);
    if (!cases) {
      for (const auto& fault : cases.error()) {
        // The rules have been read already, and said which of them it is.
        if (fault.line == 2 && fault.message.starts_with("provider:")) continue;
        Path path = paths[static_cast<std::size_t>(std::max(fault.line, 1)) - 1];
        // What the first line of a case lacks is named by its key.
        if (path.empty()) path = KeyNamedIn(fault.message);
        Fault(path, fault.message);
      }
      return;
    }
    scenario_.play = cases->front();
    scenario_.play.name = "scenario/" + scenario_.name;
    for (Step& step : scenario_.play.steps)
      step.line = LineOf(file_.text, paths[static_cast<std::size_t>(step.line) - 1]);
    const auto first = scenario_.play.steps.end() - static_cast<std::ptrdiff_t>(proof.size());
    scenario_.play.proof.assign(first, scenario_.play.steps.end());
    scenario_.play.steps.erase(first, scenario_.play.steps.end());
  }

  void CheckKinds(const array& play, const array& proof) {
    const auto has = [](const value& step, std::string_view kind) {
      return step.is_object() && step.get_object().contains(kind);
    };
    for (std::size_t i = 0; i < proof.size(); ++i) {
      const auto proves = [&](std::string_view kind) { return has(proof[i], kind); };
      if (!std::ranges::any_of(kProofs, proves)) {
        Fault({"proof", std::to_string(i)},
              fmt::format("a proof is one of {}, got {}", fmt::join(kProofs, " "),
                          ToJson(proof[i]).substr(0, 80)));
      }
    }
    const bool judges = std::ranges::any_of(play, [&](const value& step) {
      return has(step, "outcome") || has(step, "expect") || has(step, "expect_any_order");
    });
    if (!judges) Fault({"play"}, "the play expects nothing: no host can fail it");
  }

  Path KeyNamedIn(const std::string& message) const {
    constexpr std::pair<std::string_view, const char*> kWords[] = {
        {"is no requirement", "requirements"},
        {"unknown capability", "capabilities"},
        {"unknown dialect", "dialects"}};
    if (message.starts_with("unknown variable ${")) return EnvWith(message.substr(17));
    for (const auto& [words, key] : kWords) {
      if (message.find(words) != std::string::npos) return {key};
    }
    const auto first = message.find('`'), last = message.find('`', first + 1);
    if (first == std::string::npos || last == std::string::npos) return {};
    return {message.substr(first + 1, last - first - 1)};
  }

  // The setting in which the variable at the text's beginning occurs.
  Path EnvWith(std::string_view text) const {
    const auto* env = file_.value.get_object().if_contains("env");
    if (!env || !env->is_object()) return {};
    const auto variable = text.substr(0, text.find('}') + 1);
    for (const auto& [name, setting] : env->get_object()) {
      const auto* words = setting.if_string();
      if (words && std::string_view(*words).find(variable) != std::string_view::npos)
        return {"env", name};
    }
    return {"env"};
  }

  const JsonFile file_;
  const IsRequirement& is_requirement_;
};

// "FILE:7: not JSON: …" taken apart; without a line the file could not be read.
CaseError NotJson(const std::filesystem::path& file, std::string message) {
  CaseError fault{file, 0, std::move(message)};
  if (fault.message.starts_with(file.string() + ":"))
    fault.message.erase(0, file.string().size() + 1);
  const auto end = fault.message.find_first_not_of("0123456789");
  if (end != std::string::npos && end > 0 && fault.message[end] == ':') {
    fault.line = std::stoi(fault.message.substr(0, end));
    fault.message.erase(0, end + 1);
  }
  fault.message.erase(0, fault.message.find_first_not_of(' '));
  return fault;
}

}  // namespace

tl::expected<Scenario, std::vector<CaseError>> LoadScenario(const std::filesystem::path& file,
                                                            const IsRequirement& is_requirement) {
  auto json = ReadJsonFile(file);
  if (!json) return tl::unexpected(std::vector<CaseError>{NotJson(file, json.error())});
  Reader reader(std::move(*json), is_requirement);
  reader.Read();
  if (!reader.faults_.empty()) return tl::unexpected(std::move(reader.faults_));
  return std::move(reader.scenario_);
}

tl::expected<std::vector<Scenario>, std::vector<CaseError>> LoadScenarios(
    const std::filesystem::path& folder, const IsRequirement& is_requirement) {
  std::vector<std::filesystem::path> files;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end;
       it.increment(ec)) {
    if (it->path().extension() == ".json") files.push_back(it->path());
  }
  if (files.empty())
    return tl::unexpected(std::vector<CaseError>{{folder, 0, "no scenario is here"}});
  std::ranges::sort(files);
  std::vector<Scenario> scenarios;
  std::vector<CaseError> faults;
  for (const auto& file : files) {
    auto scenario = LoadScenario(file, is_requirement);
    if (!scenario) {
      faults.insert(faults.end(), scenario.error().begin(), scenario.error().end());
      continue;
    }
    // Messages of a play name the file as a reader of the repository knows it.
    scenario->play.file = std::filesystem::relative(file, folder.parent_path().parent_path());
    scenarios.push_back(std::move(*scenario));
  }
  if (!faults.empty()) return tl::unexpected(std::move(faults));
  return scenarios;
}

}  // namespace touchstone
