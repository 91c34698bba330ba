// PROV: what a provider can do to a host's memory.
#include <fmt/format.h>

#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

// The highest RSS of the process until it has answered.
std::int64_t PeakUntilAnswered(Scene& scene, HostProcess& host, std::string_view id,
                               const Line*& answer) {
  std::int64_t peak = 0;
  const auto deadline = scene.Deadline();
  while (!answer && Clock::now() < deadline) {
    if (const auto now = ReadProcStats(host.child().pid())) peak = now->peak_rss_bytes;
    answer = host.Await([&](const Line& l) { return IsAnswerTo(l, id); },
                        Clock::now() + std::chrono::milliseconds(5));
    if (!answer && host.AwaitExit(Clock::now())) break;
  }
  if (const auto now = ReadProcStats(host.child().pid()))
    peak = std::max(peak, now->peak_rss_bytes);
  return peak;
}

// PROV-12: the call is held until the memory before it is known; then the body never ends.
Judgement EndlessBody(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.Rules(R"([{"match":{"text":"warm"},"respond":{"text":"fine"}},
                  {"respond":{"hold":"gate","text":"x","endless":true}}])");
  std::size_t calls = 1;
  if (mode == Mode::kStream) {
    if (!Ask(scene, RunRequest("warm", "s", "warm"), "LIFE-01")) return scene.Judge();
    ++calls;
  }
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  auto request = RunRequest("a", "s", "hi");
  request["timeout_ms"] = 60'000;
  scene.Send(*host, request);
  if (!scene.AwaitCalls(calls, "WIRE-01")) return scene.Judge();
  const auto before = ReadProcStats(host->child().pid());
  scene.lane().Release("gate");
  const Line* answer = nullptr;
  const auto peak = PeakUntilAnswered(scene, *host, "a", answer);
  if (!scene.Require(answer, "PROV-12", "a run whose provider never ends its body must end"))
    return scene.Judge();
  scene.Require(CodeOf(*answer) == "PROVIDER_DOWN", "PROV-12",
                fmt::format("an endless body is PROVIDER_DOWN, got {}", answer->bytes));
  const auto growth = before ? peak - before->rss_bytes : 0;
  scene.Require(growth < 64 * kMiB, "PROV-12",
                fmt::format("RSS grew by {} MiB under an endless body, allowed are less than 64",
                            growth / kMiB));
  return scene.Judge();
}

const CheckRegistration kEndless(
    {.name = "prov/endless-body-in-bounded-memory",
     .requirements = {"PROV-12"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A body without end: PROVIDER_DOWN, and RSS grows by less than 64 MiB.",
     .play = EndlessBody});

}  // namespace
}  // namespace touchstone
