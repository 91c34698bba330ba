// BRIDGE-05 and LIFE-08: when a host has gone, nobody holds its pipes.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/run/timing_rule.h"

namespace touchstone {
namespace {

// From a one-shot's line to the end of both pipes; in S, where a line is no end, from the exit.
Trial PlayPipesEnd(Rig& rig, Mode mode) {
  const bool stream = mode == Mode::kStream;
  const std::string requirement = stream ? "LIFE-08" : "BRIDGE-05";
  Scene scene(rig, mode);
  HostProcess* host = scene.Host();
  double took = 0;
  if (host) {
    scene.Send(*host, RunRequest("a", "s", "hi"));
    const Line* line = scene.Answer(*host, "a", "LIFE-01");
    if (stream) host->CloseStdin();
    const auto end = line ? host->AwaitEnd(scene.Deadline()) : std::nullopt;
    if (line && scene.Require(end && end->streams_ended, requirement,
                              "stdout and stderr must reach EOF when the host has exited")) {
      took = MsBetween(stream ? end->at : line->at, std::max(end->at, end->streams_ended_at));
    }
  }
  Trial trial;
  trial.judgement = scene.Judge();
  trial.decided = trial.judgement.verdict != Verdict::kPass;
  trial.on_time = took <= 1000;
  if (!trial.on_time && !trial.decided) {
    trial.judgement =
        scene.Late(requirement, fmt::format("{:.0f} ms from {} to the end of its pipes", took,
                                            stream ? "the host's exit" : "the line"));
  }
  return trial;
}

Judgement PipesEnd(Rig& rig, Mode mode) {
  return JudgeByTimingRule(rig.lag, [&] { return PlayPipesEnd(rig, mode); });
}

const CheckRegistration kPipesEnd(
    {.name = "bridge/pipes-end-with-the-host",
     .requirements = {"BRIDGE-05", "LIFE-08"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "Within 1 s of a one-shot's line, and of a stream's exit, both pipes are at EOF.",
     .timing = true,
     .play = PipesEnd});

}  // namespace
}  // namespace touchstone
