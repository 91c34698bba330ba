// RESP-07: latency_ms against the caller's own clock.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/run/timing_rule.h"

namespace touchstone {
namespace {

// What the host says, less what it may say at most or least; 0 when it is within.
double Off(double said, double measured) {
  const double least = measured - 50 - 0.05 * measured, most = 1.05 * measured;
  return said < least ? said - least : said > most ? said - most : 0;
}

Trial PlayLatency(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.Rules(R"([{"respond":{"text":"late","delay_ms":200}}])");
  HostProcess* host = scene.Host();
  // The caller's measure must not hold the host's start, of which the host knows nothing.
  if (host) scene.Send(*host, PingRequest("p"));
  const bool started = host && scene.Answer(*host, "p", "CTRL-01");
  const auto sent = started ? scene.Send(*host, RunRequest("a", "s", "hi")) : WriteTimes{};
  const Line* line = started ? scene.Answer(*host, "a", "LIFE-01") : nullptr;
  std::string late;
  if (line) {
    const auto* said = line->object()->if_contains("latency_ms");
    const double measured = MsBetween(sent.begun, line->at);
    if (scene.Require(said && said->is_int64(), "RESP-02", "a final has an integer latency_ms") &&
        Off(static_cast<double>(said->get_int64()), measured) != 0) {
      late = fmt::format(
          "latency_ms is {}, the caller measured {:.1f} ms; it may be 50 ms + 5 % less, 5 % more",
          said->get_int64(), measured);
    }
  }
  Trial trial;
  trial.judgement = scene.Judge();
  trial.decided = trial.judgement.verdict != Verdict::kPass;
  trial.on_time = late.empty();
  if (!late.empty() && !trial.decided) trial.judgement = scene.Late("RESP-07", late);
  return trial;
}

Judgement HonestLatency(Rig& rig, Mode mode) {
  return JudgeByTimingRule(rig.lag, [&] { return PlayLatency(rig, mode); });
}

const CheckRegistration kLatency(
    {.name = "resp/latency-as-the-caller-measures",
     .requirements = {"RESP-07"},
     .modes = {Mode::kStream},
     .about = "latency_ms is at most 50 ms + 5 % below, and 5 % above, the caller's measure.",
     .timing = true,
     .play = HonestLatency});

}  // namespace
}  // namespace touchstone
