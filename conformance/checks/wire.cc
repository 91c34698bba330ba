// WIRE-01: how a round of tools is shown to the provider. A real one refuses a result whose call it
// was not shown, and arguments of the wrong type.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/tools.h"
#include "conformance/contract/shape.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

const value* Field(const value& of, std::string_view key) {
  const auto* fields = of.if_object();
  return fields ? fields->if_contains(key) : nullptr;
}

bool Is(const value& of, std::string_view key, std::string_view wanted) {
  const auto* field = Field(of, key);
  return field && field->is_string() && field->get_string() == wanted;
}

// Whether this is the call with the id, in the provider's own dialect.
bool IsCall(const value& part, std::string_view id, bool anthropic) {
  if (!Is(part, "id", id)) return false;
  if (anthropic) {
    const auto* input = Field(part, "input");
    return Is(part, "type", "tool_use") && input && input->is_object();
  }
  const auto* function = Field(part, "function");
  const auto* arguments = function ? Field(*function, "arguments") : nullptr;
  return Is(part, "type", "function") && arguments && arguments->is_string();
}

bool ShowsCall(const provider::Call& call, std::string_view id, bool anthropic) {
  const auto* messages = call.json ? Field(*call.json, "messages") : nullptr;
  if (!messages || !messages->is_array()) return false;
  for (const auto& message : messages->get_array()) {
    const auto* parts = Field(message, anthropic ? "content" : "tool_calls");
    if (!Is(message, "role", "assistant") || !parts || !parts->is_array()) continue;
    for (const auto& part : parts->get_array()) {
      if (IsCall(part, id, anthropic)) return true;
    }
  }
  return false;
}

Judgement CallsBeforeResults(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.lane().SetRules({AskForTools("hi", {CallCommand(rig.profile, "call-one", "echo one"),
                                            CallCommand(rig.profile, "call-two", "echo two")}),
                         AnswerAll("told")});
  if (!Ask(scene, RunRequest("a", "s", "hi"), "TOOL-01")) return scene.Judge();
  const auto journal = scene.lane().Journal();
  const bool anthropic = rig.profile.dialect == "anthropic";
  for (const char* id : {"call-one", "call-two"}) {
    scene.Require(ShowsCall(journal.calls.back(), id, anthropic), "WIRE-01",
                  fmt::format("after a round of tools the provider must be shown the assistant's "
                              "call {} in the shape of its API, it was sent {}",
                              id, journal.calls.back().body));
  }
  return scene.Judge();
}

const CheckRegistration kCalls(
    {.name = "wire/calls-before-their-results",
     .requirements = {"WIRE-01"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "After a round of tools the provider is shown its calls, in the shape of its API.",
     .capabilities = {"tools"},
     .play = CallsBeforeResults});

}  // namespace
}  // namespace touchstone
