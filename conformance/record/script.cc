#include "conformance/record/script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "conformance/golden/step_kinds.h"
#include "conformance/observe/strict_json.h"
#include "conformance/record/pattern.h"

namespace touchstone::record {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"provider", "send",    "send_raw",
                                                 "env",      "release", "provider_saw"};

tl::expected<std::vector<Case>, std::string> OnlyScripts(std::vector<Case> cases) {
  for (const Case& one : cases) {
    bool sends = false;
    for (const Step& step : one.steps) {
      if (!IsScriptStep(step.kind) || !step.Text("process").empty()) {
        return tl::unexpected(fmt::format(
            "{}:{}: a script has no step `{}`, nor a `process`: what the host answers is what is "
            "recorded; known: {}",
            one.file.string(), step.line, step.kind, fmt::join(kKinds, " ")));
      }
      sends |= step.kind.starts_with("send");
    }
    if (!sends) return tl::unexpected(one.file.string() + ": nothing is sent");
  }
  return cases;
}

std::string Faults(const std::vector<CaseError>& errors, int lines_added) {
  std::string text;
  for (CaseError error : errors) {
    error.line -= lines_added;
    text += (text.empty() ? "" : "\n") + error.ToString();
  }
  return text;
}

// A line of a list of requests as the step of a script.
std::string AsStep(std::string_view line) {
  const auto json = ParseStrict(line);
  const auto* object = json ? json->if_object() : nullptr;
  if (!object)
    return ToJson(
        boost::json::object{{"send_raw", Escaped(boost::json::string(std::string(line) + "\n"))}});
  for (const auto& [key, ignored] : *object) {
    if (object->size() <= 2 && IsScriptStep(key)) return std::string(line);
  }
  return ToJson(boost::json::object{{"send", Escaped(*json)}});
}

// "My requests.jsonl" -> "my-requests".
std::string NameFor(const std::filesystem::path& file) {
  std::string name;
  for (char c : file.stem().string()) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      name += c;
    else if (c >= 'A' && c <= 'Z')
      name += static_cast<char>(c - 'A' + 'a');
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "requests" : name;
}

}  // namespace

bool IsScriptStep(std::string_view kind) { return std::ranges::find(kKinds, kind) != kKinds.end(); }

tl::expected<std::vector<Case>, std::string> LoadScripts(
    const std::filesystem::path& folder,
    const std::function<bool(const std::string&)>& is_requirement) {
  auto cases = LoadCases(folder, is_requirement);
  if (!cases) return tl::unexpected(Faults(cases.error(), 0));
  return OnlyScripts(std::move(*cases));
}

tl::expected<std::vector<Case>, std::string> LoadRequests(
    const std::filesystem::path& file,
    const std::function<bool(const std::string&)>& is_requirement) {
  std::ifstream stream(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), {});
  if (!stream || text.empty())
    return tl::unexpected(file.string() + ": cannot be read, or is empty");
  const auto first = ParseStrict(std::string_view(text).substr(0, text.find('\n')));
  const bool is_script = first && first->is_object() && first->get_object().contains("case");
  std::string name = NameFor(file);
  if (is_script) {
    name = file.stem().string();
  } else {
    std::string steps = ToJson(boost::json::object{
        {"case", name},
        {"requirements", boost::json::array{"LIFE-01"}},
        {"modes", boost::json::array{"S", "O", "B"}},
        {"about", "What " + file.filename().string() + " asks, and what is answered."}});
    for (std::string_view rest = text; !rest.empty();) {
      const auto lf = rest.find('\n');
      steps += "\n" + AsStep(rest.substr(0, lf));
      rest.remove_prefix(lf == std::string_view::npos ? rest.size() : lf + 1);
    }
    text = steps + "\n";
  }
  auto cases = ParseCaseFile(file, "requests/" + name, text, is_requirement);
  if (!cases) return tl::unexpected(Faults(cases.error(), is_script ? 0 : 1));
  return OnlyScripts(std::move(*cases));
}

}  // namespace touchstone::record
