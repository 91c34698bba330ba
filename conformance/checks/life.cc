// LIFE: what holds while every slot is busy, and what is left when a host has gone.
#include <fmt/format.h>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"
#include "conformance/process/proc_stats.h"

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

// LIFE-08 for a helper that has left the host's session, group and environment behind: nothing
// tells whose it is, so nobody else may be there. A process that ends within the moment is no
// descendant that outlives its host.
Judgement NobodyIsLeft(Rig& rig, Mode mode) {
  const auto before = Descendants(::getpid());
  const auto is_new = [&](const ProcInfo& info) {
    return std::ranges::find(before, info.pid, &ProcInfo::pid) == before.end();
  };
  Scene scene(rig, mode);
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  scene.Send(*host, RunRequest("a", "s", "hi"));
  if (!scene.Answer(*host, "a", "LIFE-01")) return scene.Judge();
  host->CloseStdin();
  if (!scene.Require(host->AwaitExit(scene.Deadline()).has_value(), "LIFE-08",
                     "the host must exit"))
    return scene.Judge();
  auto left = Descendants(::getpid());
  for (const auto deadline = Clock::now() + milliseconds(500);
       std::ranges::any_of(left, is_new) && Clock::now() < deadline;) {
    std::this_thread::sleep_for(milliseconds(5));
    left = Descendants(::getpid());
  }
  for (const auto& info : left) {
    if (!is_new(info)) continue;
    scene.Require(false, "LIFE-08",
                  fmt::format("process {} ({}) outlived the host", info.pid, info.name));
    ::kill(info.pid, SIGKILL);
  }
  return scene.Judge();
}

const CheckRegistration kNobodyIsLeft(
    {.name = "life/nobody-is-left",
     .requirements = {"LIFE-08"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about =
         "After a host's end there is no new process at all, also none that hides as a daemon.",
     .serial = true,
     .play = NobodyIsLeft});
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
