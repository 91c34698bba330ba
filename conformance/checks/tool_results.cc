// TOOL-01: which result belongs to which call.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/tools.h"

namespace touchstone {
namespace {

// Each result is shown once, under the id of its own call.
Judgement UnderTheirIds(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const std::vector<std::string> ids{"call-one", "call-two", "call-three"};
  std::vector<provider::ToolCall> calls;
  for (const auto& id : ids) calls.push_back(CallCommand(rig.profile, id, "echo said-by-" + id));
  scene.lane().SetRules({AskForTools("hi", calls), AnswerAll("told")});
  if (!Ask(scene, RunRequest("a", "s", "hi"), "TOOL-01")) return scene.Judge();
  const auto journal = scene.lane().Journal();
  if (!scene.Require(journal.calls.size() == 2, "TOOL-01",
                     fmt::format("one round of tools makes two calls, the provider saw {}",
                                 journal.calls.size()))) {
    return scene.Judge();
  }
  const auto results = ToolResultsById(journal.calls.back());
  for (const auto& id : ids) {
    const auto found = results.find(id);
    scene.Require(
        results.count(id) == 1 && found->second.find("said-by-" + id) != std::string::npos,
        "TOOL-01",
        fmt::format("{} results are shown under the id {}, {}; it must be its own one",
                    results.count(id), id, found == results.end() ? "none" : found->second));
  }
  return scene.Judge();
}

const CheckRegistration kUnderTheirIds(
    {.name = "tool/results-under-their-ids",
     .requirements = {"TOOL-01"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "Three calls of one answer: each result is shown once, under its own call's id.",
     .capabilities = {"tools"},
     .play = UnderTheirIds});

}  // namespace
}  // namespace touchstone
