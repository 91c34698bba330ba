#include "conformance/checks/tools.h"

#include "conformance/contract/shape.h"
#include "conformance/golden/provider_view.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {

provider::ToolCall CallTool(const Profile& profile, std::string id, std::string_view tool,
                            const boost::json::object& arguments) {
  const auto* mapped = profile.tools.if_contains(tool);
  const auto* names = mapped ? mapped->if_object() : nullptr;
  const auto name_of = [&](std::string_view key, std::string_view otherwise) {
    const auto* name = names ? StringAt(*names, key) : nullptr;
    return std::string(name ? std::string_view(*name) : otherwise);
  };
  boost::json::object renamed;
  for (const auto& [key, value] : arguments) renamed[name_of(key, key)] = value;
  return {std::move(id), name_of("name", tool), ToJson(renamed)};
}

provider::ToolCall CallCommand(const Profile& profile, std::string id, std::string command) {
  return CallTool(profile, std::move(id), "run_command", {{"command", std::move(command)}});
}

provider::Rule AskForTools(std::string prompt, std::vector<provider::ToolCall> calls, int times) {
  provider::Rule rule;
  rule.match.text = std::move(prompt);
  rule.times = times;
  rule.respond.tool_calls = std::move(calls);
  return rule;
}

std::vector<std::string> ToolResultsOf(const provider::Call& call) {
  std::vector<std::string> results;
  for (const auto& turn : TurnsOf(call)) {
    if (turn.at(0) == "tool") results.emplace_back(turn.at(1).as_string());
  }
  return results;
}

}  // namespace touchstone
