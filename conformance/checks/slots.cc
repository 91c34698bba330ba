// TIME-05 and CTRL-07 over many runs: what is lost now and then shows only when it is all gone.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"

namespace touchstone {
namespace {

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

Judgement SlotsSurvive(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_MAX_CONCURRENCY", std::to_string(kSlots));
  scene.talk().SetEnv("ZENE_QUEUE_MAX", "0");
  scene.Rules(R"([{"match":{"text":"fail"},"respond":{"status":400}},
                  {"respond":{"hang":"before_headers"}}])");
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  for (const auto& way : kWays) {
    for (int round = 0; round < kRounds; ++round) {
      if (!FillAndEmpty(scene, *host, way, round)) return scene.Judge();
    }
  }
  return scene.Judge();
}

const CheckRegistration kSurvive(
    {.name = "time/slots-survive-many-failures",
     .requirements = {"TIME-05", "CTRL-07"},
     .modes = {Mode::kStream},
     .about = "110 timeouts, cancels and failures each in two slots without a queue: none is lost.",
     .play = SlotsSurvive});

}  // namespace
}  // namespace touchstone
