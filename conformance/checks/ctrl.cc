// CTRL: the smallest sign of life.
#include <fmt/format.h>

#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"

namespace touchstone {
namespace {

// The preflight asks the same before a run: a host that is mute in a mode fails this check alone,
// and the others are skipped.
Judgement AnswersAPing(Rig& rig, Mode mode) {
  const std::string requirement = mode == Mode::kBridge ? "BRIDGE-01" : "CTRL-01";
  Scene scene(rig, mode);
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  scene.Send(*host, PingRequest("p"));
  const Line* pong = scene.Answer(*host, "p", requirement);
  if (pong) {
    const auto status = StatusOf(*pong);
    scene.Require(status == (mode == Mode::kBridge ? "OK" : "PONG"), requirement,
                  fmt::format("a ping must be answered PONG, got {}", pong->bytes));
  }
  return scene.Judge();
}

const CheckRegistration kPing({.name = "ctrl/answers-a-ping",
                               .requirements = {"CTRL-01"},
                               .modes = {Mode::kStream, Mode::kOneShot},
                               .about = "A ping is answered: the host is there at all.",
                               .play = AnswersAPing});
const CheckRegistration kBridgePing(
    {.name = "bridge/answers-a-ping",
     .requirements = {"BRIDGE-01"},
     .modes = {Mode::kBridge},
     .about = "A ping is answered in the flat shape: the host is there at all.",
     .play = AnswersAPing});

}  // namespace
}  // namespace touchstone
