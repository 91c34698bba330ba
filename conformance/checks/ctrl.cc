// CTRL: the smallest sign of life, and what only the order of two lines tells.
#include <fmt/format.h>

#include <algorithm>

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

// CTRL-02: a second cancel, sent in one write with the first. Whether it comes before the final is
// the host's to decide, so one refusal in front of the final proves nothing; refusals each time do.
Judgement SecondCancel(Rig& rig, Mode mode) {
  constexpr int kTrials = 10;
  Scene scene(rig, mode);
  scene.Rules(R"([{"respond":{"hang":"before_headers"}}])");
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  int refused_before_the_final = 0;
  std::string last;
  for (int i = 0; i < kTrials; ++i) {
    const auto id = fmt::format("r{}", i);
    scene.Send(*host, RunRequest(id, "s", "hi"));
    if (!scene.AwaitCalls(static_cast<std::size_t>(i) + 1, "CTRL-02")) return scene.Judge();
    host->Send(AsLine(CancelRequest("c" + id, "s", id)) + AsLine(CancelRequest("d" + id, "s", id)),
               scene.Deadline());
    const Line* first = scene.Answer(*host, "c" + id, "CTRL-02");
    const Line* second = first ? scene.Answer(*host, "d" + id, "CTRL-02") : nullptr;
    const Line* final = second ? scene.Answer(*host, id, "CTRL-02") : nullptr;
    if (!final) return scene.Judge();
    const auto lines = host->Lines();
    const auto place = [&](const Line* line) {
      return std::find(lines.begin(), lines.end(), line) - lines.begin();
    };
    if (StatusOf(*second) == "CANCEL_ACCEPTED" || place(second) > place(final)) continue;
    ++refused_before_the_final;
    last = second->bytes;
  }
  scene.Require(refused_before_the_final < kTrials, "CTRL-02",
                fmt::format("a second cancel before the final must be accepted; each of {} was "
                            "refused, at last with {}",
                            kTrials, last));
  return scene.Judge();
}

const CheckRegistration kSecondCancel(
    {.name = "ctrl/second-cancel-before-the-final",
     .requirements = {"CTRL-02"},
     .modes = {Mode::kStream},
     .about = "Two cancels in one write, ten times: not every second one is refused.",
     .play = SecondCancel});
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
