#include "soak/trends/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "soak/trends/gauge.h"

namespace touchstone::soak {
namespace {

using Reading = std::function<double(const Sample&)>;

struct Gauge {
  const char *what, *unit;
  Reading reading;
  double per_hour, least;
};

std::vector<Gauge> Gauges(const TrendLimits& limits) {
  const auto kib = [](const Sample& s) { return static_cast<double>(s.rss_bytes) / 1024; };
  return {
      {"RSS", "KiB", kib, limits.rss_kib_per_hour, limits.rss_least_kib},
      {"descriptors", "descriptors", [](const Sample& s) { return double(s.descriptors); },
       limits.descriptors_per_hour, limits.count_least},
      {"threads", "threads", [](const Sample& s) { return double(s.threads); },
       limits.threads_per_hour, limits.count_least},
      {"children", "children", [](const Sample& s) { return double(s.children); },
       limits.children_per_hour, limits.count_least},
  };
}

// When lives begin: with a restart, and with a segment, which starts its own host.
std::vector<double> Begins(const Summary& summary, const std::vector<Sample>& samples) {
  std::vector<double> begins;
  for (const auto& segment : summary.segments) begins.push_back(segment.from_s);
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (samples[i].life != samples[i - 1].life) begins.push_back(samples[i].at_s);
  }
  std::sort(begins.begin(), begins.end());
  return begins;
}

Lives Cut(const std::vector<Point>& series, const std::vector<double>& begins) {
  Lives lives;
  auto next = begins.begin();
  for (const auto& point : series) {
    bool new_life = lives.empty();
    for (; next != begins.end() && *next <= point.at; ++next) new_life = true;
    if (new_life) lives.emplace_back();
    lives.back().push_back(point);
  }
  return lives;
}

Lives SeriesOf(const std::vector<Sample>& samples, const Reading& reading,
               const std::vector<double>& begins) {
  std::vector<Point> series;
  for (const auto& sample : samples) series.push_back({sample.at_s, reading(sample)});
  return Cut(series, begins);
}

// Whether the machine itself was late for most of that time: no latency seen then is the host's.
// The bound is that of the contract's timing rule (1.2).
bool Lagged(const std::vector<Sample>& samples, const Window& window) {
  constexpr double kMostLagMs = 10;
  const auto at = [](double time) { return [time](const Sample& s) { return s.at_s < time; }; };
  const auto from = std::ranges::partition_point(samples, at(window.from_s));
  const auto until = std::ranges::partition_point(samples, at(window.from_s + window.seconds));
  const auto late =
      std::count_if(from, until, [](const Sample& s) { return s.lag_ms > kMostLagMs; });
  return late * 2 > until - from;
}

struct LatencySeries {
  Lives lives;
  int left_out = 0;  // windows in which the machine lagged
};

LatencySeries LatencyOf(const Track& track, const std::vector<Sample>& samples,
                        const std::vector<double>& begins) {
  std::vector<Point> series;
  int left_out = 0;
  for (const auto& window : track.windows) {
    if (window.answered == 0) continue;
    if (Lagged(samples, window)) {
      ++left_out;
      continue;
    }
    series.push_back({window.from_s + window.seconds / 2, window.latency.p50_ms});
  }
  return {Cut(series, begins), left_out};
}

void JudgeTrack(const Summary& summary, const TrackSeries& series, const TrendLimits& limits,
                Track& track) {
  track.trends.clear();
  const auto begins = Begins(summary, series.samples);
  const auto judge = [&](const char* requirement, const char* what, const char* unit,
                         const Lives& lives, double per_hour, double least) {
    auto row = JudgeGauge(
        lives, unit,
        {per_hour, least, limits.significance, limits.fewest_points, limits.shortest_window_s});
    row.requirement = requirement;
    row.what = what;
    row.unit = unit;
    track.trends.push_back(std::move(row));
  };
  for (const auto& gauge : Gauges(limits)) {
    judge("LOAD-02", gauge.what, gauge.unit, SeriesOf(series.samples, gauge.reading, begins),
          gauge.per_hour, gauge.least);
  }
  const auto latency = LatencyOf(track, series.samples, begins);
  judge("LOAD-04", "latency p50", "ms", latency.lives, limits.latency_ms_per_hour,
        limits.latency_least_ms);
  if (latency.left_out > 0) {
    track.trends.back().message +=
        fmt::format("; without {} of {} windows, in which the machine lagged", latency.left_out,
                    track.windows.size());
  }
}

// Latency that rises with the judge's own lag, or at the reference as well, is the machine's.
void ExcuseTheMachine(const Recorded& recorded, const TrendLimits& limits, TrendRow& row) {
  if (row.verdict != TrendVerdict::kRises) return;
  const auto& summary = recorded.summary;
  const auto begins = Begins(summary, recorded.host.samples);
  const auto lag =
      JudgeGauge(SeriesOf(
                     recorded.host.samples, [](const Sample& s) { return s.lag_ms; }, begins),
                 "ms",
                 {row.slope_per_hour / 2, 0, limits.significance, limits.fewest_points,
                  limits.shortest_window_s});
  const char* why = nullptr;
  if (lag.verdict == TrendVerdict::kRises) why = "the judge's own lag rises as well";
  if (summary.reference) {
    for (const auto& other : summary.reference->trends) {
      if (other.what == row.what && other.verdict == TrendVerdict::kRises &&
          other.slope_per_hour >= row.slope_per_hour / 2) {
        why = "the reference's rises as well";
      }
    }
  }
  if (!why) return;
  row.verdict = TrendVerdict::kNotJudged;
  row.message += fmt::format("; but {}: this is the machine", why);
}

std::string FirstFailure(const Track& track) {
  const auto count = std::max(track.failure_count, track.unexpected);
  if (track.failures.empty()) return fmt::format("{} answers were not right", count);
  const auto& first = track.failures.front();
  return fmt::format("{} failures, the first at {:.0f} s: {}: {}", count, first.at_s,
                     first.requirement, first.message);
}

// Why nothing can be said, or "".
std::string WhyNotJudged(const Summary& summary) {
  const auto& host = summary.host;
  if (host.answered == 0) return "nothing was answered";
  if (summary.segments.empty() || summary.segments.back().ended != "complete") {
    return fmt::format("it ended early ({}) after {:.0f} s",
                       summary.segments.empty() ? "no segment" : summary.segments.back().ended,
                       summary.soaked_s);
  }
  constexpr double kGrace = 1;
  if (summary.asked_s && summary.soaked_s < *summary.asked_s - kGrace) {
    return fmt::format("{:.0f} s were asked for, {:.0f} s were soaked", *summary.asked_s,
                       summary.soaked_s);
  }
  if (summary.asked_requests && host.answered < *summary.asked_requests) {
    return fmt::format("{} requests were asked for, {} were answered", *summary.asked_requests,
                       host.answered);
  }
  for (const auto& row : host.trends) {
    if (row.verdict == TrendVerdict::kNotJudged)
      return fmt::format("{} {}: {}", row.requirement, row.what, row.message);
  }
  return "";
}

}  // namespace

void JudgeSoak(Recorded& recorded, const TrendLimits& limits) {
  auto& summary = recorded.summary;
  summary.host.trends.clear();
  if (summary.mode == "S") {  // the others have no process that lives on
    if (summary.reference) JudgeTrack(summary, recorded.reference, limits, *summary.reference);
    JudgeTrack(summary, recorded.host, limits, summary.host);
    ExcuseTheMachine(recorded, limits, summary.host.trends.back());
  }
  std::string reasons;
  const auto add = [&](const std::string& reason) {
    reasons += (reasons.empty() ? "" : "; ") + reason;
  };
  const auto& host = summary.host;
  if (host.failure_count > 0 || host.unexpected > 0) add(FirstFailure(host));
  for (const auto& row : host.trends) {
    if (row.verdict == TrendVerdict::kRises)
      add(fmt::format("{}: {} {}", row.requirement, row.what, row.message));
  }
  if (!reasons.empty()) {
    summary.verdict = "fail";
  } else if (reasons = WhyNotJudged(summary); !reasons.empty()) {
    summary.verdict = "not judged";
  } else {
    summary.verdict = "pass";
    reasons = fmt::format("{} answers in {:.0f} s, each as the contract says{}", host.answered,
                          summary.soaked_s, host.trends.empty() ? "" : "; nothing rises");
  }
  summary.reason = std::move(reasons);
}

}  // namespace touchstone::soak
