// LOAD: a thousand requests in each mode, and what a host's resources do under steady work.
#include <fmt/format.h>

#include <thread>

#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"
#include "conformance/load/load.h"
#include "conformance/process/proc_stats.h"
#include "soak/stats/percentile.h"
#include "soak/stats/trend.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;

Judgement ThousandRequests(Rig& rig, Mode mode) {
  LoadOptions options;
  options.mode = mode;
  options.seed = rig.seed;
  auto load = RunLoad(rig, options, {}, {});
  auto judgement = Judgement::From(std::move(load.violations), std::move(load.transcript));
  judgement.counted = {"requests", load.sent, load.as_expected};
  if (judgement.verdict == Verdict::kPass) judgement.message = FormatLoad(options, load);
  return judgement;
}

constexpr auto kWarmUp = milliseconds(1500), kLength = milliseconds(6000);
constexpr auto kPace = milliseconds(5), kSample = milliseconds(100);

// What is measured, and the rise per second that a good host may show in a run as short as this.
struct Gauge {
  const char* requirement;
  const char* what;
  double tolerance;
  std::vector<soak::Point> series = {};
};

struct Gauges {
  Gauge rss{"LOAD-02", "RSS in KiB", 1024};
  Gauge descriptors{"LOAD-02", "open descriptors", 1};
  Gauge threads{"LOAD-02", "threads", 1};
  Gauge children{"LOAD-02", "descendants", 1};
  Gauge latency{"LOAD-04", "latency in ms", 2};

  void Sample(double at, pid_t pid, const std::vector<double>& latencies) {
    const auto now = ReadProcStats(pid);
    if (!now) return;
    rss.series.push_back({at, static_cast<double>(now->rss_bytes) / 1024});
    descriptors.series.push_back({at, static_cast<double>(now->descriptors)});
    threads.series.push_back({at, static_cast<double>(now->threads)});
    children.series.push_back({at, static_cast<double>(Descendants(pid).size())});
    latency.series.push_back({at, soak::Percentile(latencies, 0.5)});
  }
};

// Sends one request after the other at a steady pace, for the length; false when one was not
// answered.
bool WorkSteadily(Scene& scene, HostProcess& host, Gauges& gauges) {
  const auto begun = Clock::now();
  auto sampled = begun;
  std::vector<double> latencies;
  for (int i = 0; Clock::now() - begun < kWarmUp + kLength; ++i) {
    const auto id = fmt::format("r{}", i);
    const auto request =
        i % 10 == 0 ? PingRequest(id) : RunRequest(id, fmt::format("s{}", i % 4), "hi");
    const auto sent = scene.Send(host, request);
    const Line* answer = scene.Answer(host, id, "LOAD-01");
    if (!answer) return false;
    latencies.push_back(std::chrono::duration<double, std::milli>(answer->at - sent.begun).count());
    host.ForgetConsumed();
    if (const auto now = Clock::now(); now - sampled >= kSample) {
      sampled = now;
      if (now - begun >= kWarmUp) {
        gauges.Sample(std::chrono::duration<double>(now - begun).count(), host.child().pid(),
                      latencies);
      }
      latencies.clear();
    }
    std::this_thread::sleep_until(begun + i * kPace);
  }
  return true;
}

// LOAD-02 and LOAD-04 over seconds: coarse leaks alone show in a run as short as this. A rise of
// latency on a machine that lags is the machine's.
Judgement NoTrend(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  // Tables that fill up to their configured size are no leak.
  scene.talk().SetEnv("ZENE_IDEMPOTENCY_MAX_KEYS", "50");
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  const auto begun = Clock::now();
  Gauges gauges;
  if (!WorkSteadily(scene, *host, gauges)) return scene.Judge();
  const auto length = std::chrono::duration<double>(Clock::now() - begun).count();
  bool late = false;
  for (Gauge* gauge :
       {&gauges.rss, &gauges.descriptors, &gauges.threads, &gauges.children, &gauges.latency}) {
    if (!soak::RisesBeyond(gauge->series, gauge->tolerance)) continue;
    if (gauge == &gauges.latency && rig.lag.WorstSince(begun) > milliseconds(10)) {
      // A rise several times the worst lag is not the machine's.
      const auto worst = std::chrono::duration<double, std::milli>(rig.lag.WorstSince(begun));
      const double more = 3 * worst.count() / length;
      if (!soak::RisesBeyond(gauge->series, gauge->tolerance + more)) {
        late = true;
        continue;
      }
    }
    scene.Require(false, gauge->requirement,
                  fmt::format("{} {} over {:.0f} s of steady work, allowed are {}", gauge->what,
                              soak::DescribeTrend(gauge->series), length, gauge->tolerance));
  }
  auto judgement = scene.Judge();
  std::vector<Violation> cut;
  for (const auto& violation : judgement.violations) {
    if (violation.requirement == "FRAME-01") cut.push_back({"LOAD-03", violation.message});
  }
  judgement.violations.insert(judgement.violations.end(), cut.begin(), cut.end());
  if (judgement.verdict == Verdict::kPass && late)
    return Judgement::Inconclusive("latency rose, and the machine lagged by more than 10 ms");
  if (judgement.verdict == Verdict::kPass)
    judgement.message = fmt::format("no trend and no stray byte in a run of {:.0f} s", length);
  return judgement;
}

const CheckRegistration kThousand(
    {.name = "load/thousand-requests",
     .requirements = {"LOAD-01", "WIRE-01"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "1000 requests of several kinds, each answered once, as it should be; a call a run.",
     .serial = true,
     .play = ThousandRequests});
const CheckRegistration kNoTrend(
    {.name = "load/no-trend",
     .requirements = {"LOAD-02", "LOAD-03", "LOAD-04"},
     .modes = {Mode::kStream},
     .about = "Seconds of steady work: no rise of RSS, descriptors, threads, children or latency.",
     .serial = true,
     .play = NoTrend});

}  // namespace
}  // namespace touchstone
