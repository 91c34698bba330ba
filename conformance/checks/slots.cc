// TIME-05, CTRL-06 and CTRL-07 over many runs: what is lost now and then shows only when it is all
// gone.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;

constexpr int kSlots = 2;
constexpr int kRounds = 55;  // with two slots, a host that loses one in 50 loses two of 110

enum class End { kTimeout, kCancel, kFailure };

struct Way {
  End end;
  const char* name;
  const char* requirement;
  std::string outcome;  // as StatusOf or CodeOf tells it
};
const Way kWays[] = {{End::kTimeout, "timeout", "TIME-05", "TIMEOUT"},
                     {End::kCancel, "cancel", "CTRL-07", "CANCELED"},
                     {End::kFailure, "failure", "CTRL-07", "INTERNAL"}};

// As many runs as there are slots, all of which end in that way. False: stop here.
bool FillAndEmpty(Scene& scene, HostProcess& host, const Way& way, int round) {
  std::vector<std::string> ids;
  for (int slot = 0; slot < kSlots; ++slot) {
    const auto id = fmt::format("{}{}-{}", way.name, round, slot);
    auto run = RunRequest(id, fmt::format("s{}", slot), way.end == End::kFailure ? "fail" : "hang");
    if (way.end == End::kTimeout) run["timeout_ms"] = 15;
    scene.Send(host, run);
    ids.push_back(id);
  }
  for (int slot = 0; way.end == End::kCancel && slot < kSlots; ++slot) {
    const auto& id = ids[static_cast<std::size_t>(slot)];
    scene.Send(host, CancelRequest("x" + id, fmt::format("s{}", slot), id));
    if (!scene.Answer(host, "x" + id, "CTRL-02")) return false;
  }
  for (const auto& id : ids) {
    const Line* line = scene.Answer(host, id, way.requirement);
    if (!line) return false;
    const auto outcome = way.end == End::kCancel ? StatusOf(*line) : CodeOf(*line);
    if (!scene.Require(outcome == way.outcome, way.requirement,
                       fmt::format("after {} rounds of {} runs, each ended by a {}: run {} must "
                                   "find a slot and end {}, got {}",
                                   round, kSlots, way.name, id, way.outcome, line->bytes))) {
      return false;
    }
  }
  return true;
}

// CTRL-06: of all those calls none is open when the grace has gone by.
void JudgeOpenCalls(Scene& scene, milliseconds grace) {
  const auto open = [&] {
    const auto journal = scene.lane().Journal();
    return std::ranges::count_if(
        journal.calls, [](const auto& call) { return !call.answered && !call.closed_at; });
  };
  // A call that is open that long is not late but forgotten.
  const auto deadline = std::min(scene.Deadline(), Clock::now() + 5 * grace);
  while (open() > 0 && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(10));
  scene.Require(open() == 0, "CTRL-06",
                fmt::format("{} provider calls of runs that have ended are still open {} ms after "
                            "the last one's end",
                            open(), (5 * grace).count()));
}

Judgement SlotsSurvive(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_MAX_CONCURRENCY", std::to_string(kSlots));
  scene.talk().SetEnv("ZENE_QUEUE_MAX", "0");
  scene.Rules(R"([{"match":{"text":"fail"},"respond":{"status":400}},
                  {"respond":{"hang":"before_headers"}}])");
  constexpr milliseconds kGrace{300};
  scene.talk().SetEnv("ZENE_CANCEL_GRACE_MS", std::to_string(kGrace.count()));
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  for (const auto& way : kWays) {
    for (int round = 0; round < kRounds; ++round) {
      if (!FillAndEmpty(scene, *host, way, round)) return scene.Judge();
    }
  }
  JudgeOpenCalls(scene, kGrace);
  return scene.Judge();
}

const CheckRegistration kSurvive(
    {.name = "time/slots-survive-many-failures",
     .requirements = {"TIME-05", "CTRL-07", "CTRL-06"},
     .modes = {Mode::kStream},
     .about =
         "110 timeouts, cancels and failures each in two slots: no slot is lost, no call left.",
     .play = SlotsSurvive});

}  // namespace
}  // namespace touchstone
