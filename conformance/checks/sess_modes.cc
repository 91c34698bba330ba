// SESS-04 and IDEM-08 across modes: one-shots, the bridge's one-shots and streams on one state
// directory are one host.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

// One request to a process of that mode, which then ends. Nothing: it was not answered.
std::optional<Line> AskInMode(Scene& scene, Mode mode, const boost::json::object& request) {
  const auto id = std::string(request.at("request_id").as_string());
  const auto* command = scene.talk().rig().profile.CommandFor(mode);
  auto started = scene.talk().Start(id, *command, mode);
  if (!scene.Require(started.has_value(), "SESS-04", "the host cannot be started"))
    return std::nullopt;
  HostProcess& host = **started;
  host.Send(AsLine(request), scene.Deadline());
  if (mode != Mode::kStream) host.CloseStdin();
  const Line* line = scene.Answer(host, id, "SESS-04");
  if (!line) return std::nullopt;
  auto answer = *line;
  scene.talk().FinishProcess(host);
  return answer;
}

Judgement ModesShareTheState(Rig& rig, Mode mode) {
  const Mode modes[] = {Mode::kOneShot, Mode::kBridge, Mode::kStream, Mode::kOneShot};
  for (const Mode one : modes) {
    if (!rig.profile.CommandFor(one))
      return Judgement::Skip("the profile has no command for one of the modes");
  }
  Scene scene(rig, mode);
  boost::json::array history;
  for (int i = 0; i < 4; ++i) {
    const auto prompt = fmt::format("question {}.", i);
    const auto run = RunUnderKey(fmt::format("r{}", i), "s", prompt, fmt::format("k{}", i));
    const auto answer = AskInMode(scene, modes[i], run);
    if (!answer) return scene.Judge();
    scene.Require(StatusOf(*answer) == "OK", "SESS-04",
                  fmt::format("every run must end OK, got {}", answer->bytes));
    const auto journal = scene.lane().Journal();
    for (const auto* call : CallsFor(journal, prompt)) {
      scene.Require(HistoryOf(*call) == history, "SESS-04",
                    fmt::format("a process of mode {} must show the turns of the other modes' "
                                "processes, {}; it shows {}",
                                ToString(modes[i]), ToJson(history), ToJson(HistoryOf(*call))));
    }
    AddTurn(history, prompt, "mock answer");
  }
  for (int i = 0; i < 3 && scene.sound(); ++i) {  // each key again, in the next mode
    const auto run = RunUnderKey(fmt::format("again{}", i), "s", "again", fmt::format("k{}", i));
    const auto answer = AskInMode(scene, modes[i + 1], run);
    if (!answer) return scene.Judge();
    scene.Require(IsReplay(*answer), "IDEM-08",
                  fmt::format("a run answered in mode {} must be replayed in mode {}, got {}",
                              ToString(modes[i]), ToString(modes[i + 1]), answer->bytes));
  }
  return scene.Judge();
}

const CheckRegistration kModes(
    {.name = "sess/modes-share-the-state",
     .requirements = {"SESS-04", "IDEM-08"},
     .modes = {Mode::kOneShot},
     .about = "One-shots, bridge one-shots and streams show each other's turns and replay them.",
     .play = ModesShareTheState});

}  // namespace
}  // namespace touchstone
