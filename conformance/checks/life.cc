// LIFE: what holds while every slot is busy, and what is left when a host has gone.
#include <fmt/format.h>

#include <signal.h>

#include <algorithm>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;

// LIFE-06: eight runs hang at the provider, a ninth waits in the queue; fifty pings, one after
// another.
Judgement PingsWhileBusy(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_MAX_CONCURRENCY", "8");
  scene.Rules(R"([{"respond":{"hold":"gate","text":"done"}}])");
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  for (int i = 0; i < 9; ++i) {
    scene.Send(*host, RunRequest(fmt::format("r{}", i), fmt::format("s{}", i), "hi"));
  }
  if (!scene.AwaitCalls(8, "ADMIT-01")) return scene.Judge();
  std::vector<double> times;
  const auto begun = Clock::now();
  for (int i = 0; i < 50; ++i) {
    const auto id = fmt::format("p{}", i);
    const auto sent = scene.Send(*host, PingRequest(id));
    const Line* pong = scene.Answer(*host, id, "LIFE-06");
    if (!pong) return scene.Judge();
    times.push_back(MsBetween(sent.begun, pong->at));
  }
  scene.lane().Release("gate");
  for (int i = 0; i < 9; ++i) {
    if (!scene.Answer(*host, fmt::format("r{}", i), "LIFE-01")) return scene.Judge();
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2], worst = times.back();
  // A machine that stalled for longer than the bound cannot tell who was slow.
  if (worst > 1000 && rig.lag.WorstSince(begun) > milliseconds(100)) {
    return Judgement::Inconclusive("the machine lagged by more than 100 ms",
                                   scene.talk().Transcript());
  }
  scene.Require(median <= 100, "LIFE-06",
                fmt::format("the median ping took {:.1f} ms while every slot was busy", median));
  scene.Require(worst <= 1000, "LIFE-06",
                fmt::format("the slowest ping took {:.1f} ms while every slot was busy", worst));
  return scene.Judge();
}

// LIFE-08 after SIGTERM, with a run under way. The conversation looks for what is left.
Judgement NothingLeftAfterTerm(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "200");
  scene.Rules(R"([{"respond":{"hang":"before_headers"}}])");
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  scene.Send(*host, RunRequest("a", "s", "hi"));
  if (!scene.AwaitCalls(1, "LIFE-01")) return scene.Judge();
  scene.talk().EndedByPlay(*host);
  host->Signal(SIGTERM);
  const Line* answer = scene.Answer(*host, "a", "LIFE-07");
  if (answer) {
    scene.Require(
        CodeOf(*answer) == "INTERNAL", "LIFE-07",
        fmt::format("a run that SIGTERM cut off must end INTERNAL, got {}", answer->bytes));
  }
  const auto end = host->AwaitEnd(scene.Deadline());
  scene.Require(
      end && end->status == ExitStatus{false, 0}, "LIFE-07",
      fmt::format("SIGTERM must lead to exit 0, got {}", end ? end->status.ToString() : "no exit"));
  return scene.Judge();
}

const CheckRegistration kPings(
    {.name = "life/pings-while-busy",
     .requirements = {"LIFE-06"},
     .modes = {Mode::kStream},
     .about = "While every slot is busy, 50 pings have a median within 100 ms and none over 1 s.",
     .play = PingsWhileBusy});
const CheckRegistration kNothingLeft(
    {.name = "life/nothing-left-after-sigterm",
     .requirements = {"LIFE-07", "LIFE-08"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "SIGTERM during a run: its terminal, exit 0, no descendant left.",
     .play = NothingLeftAfterTerm});

}  // namespace
}  // namespace touchstone
