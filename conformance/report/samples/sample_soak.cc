#include <cmath>
#include <random>

#include "conformance/report/samples/samples.h"

namespace touchstone {
namespace {

using soak::Sample;
using soak::Track;
using soak::Window;

constexpr double kSeconds = 7200, kOutageFrom = 2400, kOutageUntil = 2700;

// Leaks `leak_per_s` bytes; the provider's outage shows as errors and slow answers.
Track MakeTrack(const std::string& name, double leak_per_s, std::mt19937& random) {
  std::normal_distribution<double> noise;
  Track track;
  track.name = name;
  track.command = "./" + name;
  for (double at = 0; at < kSeconds; at += 20) {
    const double warm = 1 - std::exp(-at / 300);
    Sample s;
    s.at_s = at;
    s.rss_bytes =
        static_cast<std::int64_t>(24e6 + 9e6 * warm + leak_per_s * at + 2e5 * noise(random));
    s.pss_bytes = s.rss_bytes * 7 / 10;
    s.descriptors = 14 + static_cast<int>(leak_per_s * at / 4e5) + static_cast<int>(random() % 4);
    s.threads = 11;
    s.children = static_cast<int>(random() % 2);
    s.cpu_percent = 12 + 2 * noise(random);
    s.lag_ms = std::abs(0.3 * noise(random));
    track.samples.push_back(s);
  }
  for (double from = 0; from < kSeconds; from += 60) {
    const bool outage = from >= kOutageFrom && from < kOutageUntil;
    Window w;
    w.from_s = from;
    w.seconds = 60;
    w.intended = w.answered = 3000;
    w.outcomes = {{"OK", outage ? 600 : 2700}, {"PONG", 240}, {"INVALID_REQUEST", 60}};
    if (outage) w.outcomes["PROVIDER_DOWN"] = 2100;
    const double slower = (outage ? 8.0 : 1.0) * (1 + 0.05 * std::abs(noise(random)));
    w.latency = {2.1 * slower, 4.8 * slower, 11.5 * slower, 40 * slower};
    for (const auto& [outcome, count] : w.outcomes) track.outcomes[outcome] += count;
    track.intended += w.intended;
    track.answered += w.answered;
    track.windows.push_back(w);
  }
  track.latency = {2.2, 5.4, 60.1, 352};
  return track;
}

}  // namespace

soak::Summary SampleSoak() {
  std::mt19937 random(7);
  soak::Summary soak;
  soak.mode = "S";
  soak.mix = "default";
  soak.arrivals = "poisson 50/s";
  soak.seed = 7;
  soak.asked_s = soak.soaked_s = kSeconds;
  soak.segments = {{1764250000000, 0, 4000, "killed"}, {1764260000000, 4000, kSeconds, "complete"}};
  soak.marks = {{kOutageFrom, kOutageUntil, "provider outage"},
                {5400, 5401, "SIGKILL and restart"}};
  soak.host = MakeTrack("leaky-host", 900, random);
  soak.reference = MakeTrack("refhost", 0, random);
  soak.host.unexpected = 2;
  soak.host.failures = {{2412.5, "PROV-02", "expected PROVIDER_DOWN, got OK \"fine\""},
                        {5400.9, "CRASH-02", "the replay differs from the OK that was sent"}};
  soak.host.failure_count = 2;
  soak.host.trends = {
      {"LOAD-02", "RSS", "KiB", soak::TrendVerdict::kRises, 3170, 512, 0.0000021, 98, 1320,
       "RSS rises by 3.1 MiB per hour"},
      {"LOAD-02", "descriptors", "", soak::TrendVerdict::kRises, 8.1, 2, 0.00003, 98, 1320,
       "descriptors rise by 8 per hour"},
      {"LOAD-02", "threads", "", soak::TrendVerdict::kSteady, 0, 1, 1, 98, 1320, ""},
      {"LOAD-04", "p99 latency", "ms", soak::TrendVerdict::kSteady, 0.12, 1.5, 0.41, 98, 1320, ""}};
  soak.verdict = "fail";
  soak.reason = "RSS rises by 3.1 MiB per hour (LOAD-02); 2 outcomes were not as expected";
  return soak;
}

}  // namespace touchstone
