// TOOL-05: what a tool can read in its environment, also where the host hides keys in what it
// sends to the provider: the tool tells it in rot13.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/tools.h"

namespace touchstone {
namespace {

std::string Rot13(std::string text) {
  for (char& c : text) {
    const char first = c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : '\0';
    if (first != '\0') c = static_cast<char>(first + (c - first + 13) % 26);
  }
  return text;
}

Judgement NoKeyInDisguise(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const std::string fallback = "sk-fallback-9a3c5e7f1b2d9a3c5e7f1b2d";
  scene.talk().SetEnv("LLM_FALLBACK_PROVIDER", "openai");
  scene.talk().SetEnv("LLM_FALLBACK_API_KEY", fallback);
  scene.talk().SetEnv("LLM_FALLBACK_BASE_URL", "http://127.0.0.1:${closed_port}/v1");
  scene.lane().SetRules(
      {AskForTools("hi", {CallCommand(rig.profile, "c",
                                      "{ env; tr '\\0' '\\n' </proc/self/environ; } | "
                                      "tr A-Za-z N-ZA-Mn-za-m")}),
       AnswerAll("told")});
  if (!Ask(scene, RunRequest("a", "s", "hi"), "TOOL-01")) return scene.Judge();
  const auto journal = scene.lane().Journal();
  const auto results = ToolResultsOf(journal.calls.back());
  const auto told = results.empty() ? std::string() : Rot13(results.front());
  scene.Require(told.find("PATH=") != std::string::npos, "TOOL-01",
                fmt::format("run_command must tell its environment, it told \"{}\"", told));
  for (const auto& key : {rig.key, fallback}) {
    const auto at = told.find(key);
    const auto line = at == std::string::npos ? 0 : told.rfind('\n', at) + 1;
    scene.Require(at == std::string::npos, "TOOL-05",
                  fmt::format("a provider's key is in a tool's environment, as {}",
                              at == std::string::npos ? "" : told.substr(line, at - line)));
  }
  return scene.Judge();
}

const CheckRegistration kDisguise(
    {.name = "tool/no-key-in-the-environment",
     .requirements = {"TOOL-05"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A tool that tells its environment in rot13 has neither provider's key to tell.",
     .capabilities = {"tools"},
     .play = NoKeyInDisguise});

}  // namespace
}  // namespace touchstone
