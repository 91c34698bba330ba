#include "conformance/checks/tools.h"

#include <boost/json/serialize.hpp>

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

namespace {

void AddResult(const boost::json::value& part, std::multimap<std::string, std::string>& results) {
  const auto* fields = part.if_object();
  if (!fields) return;
  for (const char* key : {"tool_call_id", "tool_use_id"}) {
    const auto* id = fields->if_contains(key);
    const auto* content = fields->if_contains("content");
    if (id && id->is_string() && content)
      results.emplace(id->get_string(), boost::json::serialize(*content));
  }
  const auto* parts = fields->if_contains("content");
  if (!parts || !parts->is_array()) return;
  for (const auto& inner : parts->get_array()) AddResult(inner, results);
}

}  // namespace

std::multimap<std::string, std::string> ToolResultsById(const provider::Call& call) {
  std::multimap<std::string, std::string> results;
  const auto* body = call.json ? call.json->if_object() : nullptr;
  const auto* messages = body ? body->if_contains("messages") : nullptr;
  if (!messages || !messages->is_array()) return results;
  for (const auto& message : messages->get_array()) AddResult(message, results);
  return results;
}

}  // namespace touchstone
