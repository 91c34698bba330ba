// FRAME: what a full or closed stderr, and a line without end, do to a host.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "conformance/checks/check.h"
#include "conformance/checks/scan.h"
#include "conformance/checks/scene.h"
#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

// Sends runs while nobody reads stderr at the most talkative level: a pipe holds 64 KiB, so a host
// that blocks on it stops answering. In O and B one run with a long prompt.
Judgement WithStderr(Rig& rig, Mode mode, void (*spoil)(HostProcess&)) {
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_LOG_LEVEL", "trace");
  const int runs = mode == Mode::kStream ? 300 : 3;
  for (int i = 0; i < runs; ++i) {
    HostProcess* host = scene.Host();
    if (!host) break;
    if (i == 0 || mode != Mode::kStream) spoil(*host);
    const auto id = fmt::format("r{}", i);
    auto request = RunRequest(id, fmt::format("s{}", i % 8), std::string(1000, 'x'));
    scene.Send(*host, request);
    const Line* answer = scene.Answer(*host, id, "FRAME-02");
    if (!answer) break;
    if (!scene.Require(StatusOf(*answer) == "OK", "FRAME-02",
                       fmt::format("run {} must end OK whatever becomes of stderr, got {}", id,
                                   answer->bytes))) {
      break;
    }
  }
  return scene.Judge();
}

Judgement StderrFull(Rig& rig, Mode mode) {
  return WithStderr(rig, mode, [](HostProcess& host) { host.child().PauseReading(Stream::kErr); });
}

Judgement StderrClosed(Rig& rig, Mode mode) {
  return WithStderr(rig, mode, [](HostProcess& host) { host.CloseStderr(); });
}

// A process that waits, and not for the processor or the disk: "pid (name) S …".
bool Sleeps(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat.compare(name_end + 2, 1, "S") == 0;
}

// The memory of a host that waits for its first line. A one-shot says nothing when it has started:
// it has when it sleeps, and its memory stands still, for as long as a whole one-shot takes.
std::optional<ProcStats> AtRest(HostProcess& host, Rig& rig) {
  using std::chrono::milliseconds;
  const auto still = std::max(milliseconds(100), rig.startup);
  const auto deadline = Clock::now() + milliseconds(5000);
  auto stats = ReadProcStats(host.child().pid());
  for (auto since = Clock::now(); Clock::now() < std::min(since + still, deadline);) {
    std::this_thread::sleep_for(milliseconds(5));
    const auto now = ReadProcStats(host.child().pid());
    const bool grew = now && stats && now->rss_bytes != stats->rss_bytes;
    if (grew || !Sleeps(host.child().pid())) since = Clock::now();
    stats = now;
  }
  return stats;
}

// 256 MiB without LF: refused soon, and never held in memory.
Judgement EndlessLine(Rig& rig, Mode mode) {
  constexpr std::int64_t kLimit = kMiB;
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_MAX_REQUEST_BYTES", std::to_string(kLimit));
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  if (mode == Mode::kStream) {
    // Warm, so that the growth is the line's.
    scene.Send(*host, PingRequest("warm"));
    if (!scene.Answer(*host, "warm", "FRAME-08")) return scene.Judge();
  }
  const auto before = AtRest(*host, rig);
  const std::string piece(static_cast<std::size_t>(kMiB), 'x');
  const Line* refusal = nullptr;
  std::int64_t peak = 0;
  for (int sent = 0; sent < 256; ++sent) {
    // A one-shot may stop reading once it has answered.
    if (!host->Send(piece, Clock::now() + std::chrono::seconds(refusal ? 2 : 20)).complete) break;
    if (const auto now = ReadProcStats(host->child().pid()))
      peak = std::max(peak, now->peak_rss_bytes);
    if (refusal || sent < 1) continue;
    refusal =
        host->Await([](const Line&) { return true; }, Clock::now() + std::chrono::seconds(10));
    if (!scene.Require(refusal && CodeOf(*refusal) == "INVALID_REQUEST", "FRAME-08",
                       "a line over the limit must be refused before its LF arrives")) {
      return scene.Judge();
    }
    if (mode != Mode::kStream) host->CloseStdin();
    if (mode != Mode::kStream) break;
  }
  const std::int64_t allowed = 4 * kLimit + 32 * kMiB;
  const std::int64_t growth = before ? peak - before->peak_rss_bytes : 0;
  scene.Require(growth < allowed, "FRAME-08",
                fmt::format("peak RSS grew by {} MiB under a line without end, allowed are {} MiB",
                            growth / kMiB, allowed / kMiB));
  if (mode == Mode::kStream) {
    host->Send("\n", scene.Deadline());
    scene.Send(*host, PingRequest("after"));
    const Line* answer = scene.Answer(*host, "after", "FRAME-08");
    scene.Require(answer && StatusOf(*answer) == "PONG", "FRAME-07",
                  "a ping after it must be answered");
  }
  return scene.Judge();
}

// FRAME-16: a host whose reader has gone spins neither before it notices nor after.
Judgement NoBusyLoop(Rig& rig, Mode mode) {
  constexpr std::chrono::milliseconds kWatched{500};
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "300");
  scene.Rules(R"([{"respond":{"hang":"before_headers"}}])");
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  scene.Send(*host, RunRequest("a", "s", "hi"));
  if (!scene.AwaitCalls(1, "LIFE-01")) return scene.Judge();
  scene.talk().EndedByPlay(*host);
  const auto before = ProcessorTimeOf(host->child().pid());
  const auto begun = Clock::now();
  host->CloseStdout();
  // Time itself is what is judged: half a second in which there is nothing to do.
  const auto early = host->AwaitExit(begun + kWatched);
  const auto lag = rig.lag.WorstSince(begun);
  bool sound = true;
  if (const auto after = ProcessorTimeOf(host->child().pid()); before && after && !early) {
    sound = scene.Require(
        *after - *before < kWatched / 5, "FRAME-16",
        fmt::format("with stdout closed and nothing to do, the host used {} ms of {} ms",
                    (*after - *before).count(), kWatched.count()));
  }
  scene.Send(*host, PingRequest("p"));
  const auto end = host->AwaitEnd(scene.Deadline());
  sound &=
      scene.Require(end && end->status == ExitStatus{false, 4}, "FRAME-16",
                    fmt::format("with stdout closed the next write must lead to exit 4, got {}",
                                end ? end->status.ToString() : "no exit"));
  // On a machine that is full a host that spins gets no more processor time than one that sleeps.
  if (sound && lag > std::chrono::milliseconds(10))
    return Judgement::Inconclusive(
        "little processor time was used, and the machine lagged by more "
        "than 10 ms");
  return scene.Judge();
}

const CheckRegistration kNoBusyLoop(
    {.name = "frame/no-busy-loop-without-a-reader",
     .requirements = {"FRAME-16"},
     .modes = {Mode::kStream},
     .about = "stdout's reader is gone: no processor time is burnt, and the host exits 4.",
     .play = NoBusyLoop});
const CheckRegistration kStderrFull(
    {.name = "frame/stderr-full",
     .requirements = {"FRAME-02"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "Nobody reads stderr at level trace; runs end OK all the same.",
     .play = StderrFull});
const CheckRegistration kStderrClosed(
    {.name = "frame/stderr-closed",
     .requirements = {"FRAME-02"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "stderr's reader is gone; runs end OK all the same.",
     .play = StderrClosed});
const CheckRegistration kEndlessLine(
    {.name = "frame/endless-line",
     .requirements = {"FRAME-07", "FRAME-08"},
     .modes = {Mode::kStream},
     .about = "256 MiB without LF: refused early, and peak RSS stays bounded.",
     .play = EndlessLine});
const CheckRegistration kEndlessOneShot(
    {.name = "frame/endless-line-one-shot",
     .requirements = {"FRAME-08"},
     .modes = {Mode::kOneShot, Mode::kBridge},
     .about = "A line over the limit is refused before its LF arrives.",
     .play = EndlessLine});

}  // namespace
}  // namespace touchstone
