#include "conformance/report/soak_model.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>

#include "conformance/report/html_text.h"

namespace touchstone {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t kMostPoints = 400, kNameLimit = 120;

double Round(double number, double steps) { return std::round(number * steps) / steps; }

array SampleRow(const soak::Sample& s) {
  return {Round(s.at_s, 10),
          s.rss_bytes,
          s.pss_bytes ? value(*s.pss_bytes) : value(nullptr),
          s.descriptors,
          s.threads,
          s.children,
          Round(s.cpu_percent, 10),
          Round(s.lag_ms, 100)};
}

array WindowRow(const soak::Window& w) {
  object outcomes;
  for (const auto& [name, count] : w.outcomes) outcomes[Visible(name, kNameLimit)] = count;
  return {Round(w.from_s, 10),
          Round(w.seconds, 10),
          Round(w.latency.p50_ms, 1000),
          Round(w.latency.p90_ms, 1000),
          Round(w.latency.p99_ms, 1000),
          Round(w.latency.max_ms, 1000),
          std::move(outcomes)};
}

object TrackModel(const soak::Track& track) {
  array samples, windows;
  const std::size_t step = track.samples.size() / (2 * kMostPoints) + 1;
  for (std::size_t i = 0; i < track.samples.size(); i += step)
    samples.push_back(SampleRow(track.samples[i]));
  for (const auto& window : JoinWindows(track.windows, kMostPoints))
    windows.push_back(WindowRow(window));
  return {{"name", Visible(track.name, kNameLimit)},
          {"samples", std::move(samples)},
          {"windows", std::move(windows)}};
}

void Join(soak::Window& into, const soak::Window& next) {
  into.seconds = next.from_s + next.seconds - into.from_s;
  for (const auto& [name, count] : next.outcomes) into.outcomes[name] += count;
  into.intended += next.intended;
  into.answered += next.answered;
  into.unexpected += next.unexpected;
  into.latency = {std::max(into.latency.p50_ms, next.latency.p50_ms),
                  std::max(into.latency.p90_ms, next.latency.p90_ms),
                  std::max(into.latency.p99_ms, next.latency.p99_ms),
                  std::max(into.latency.max_ms, next.latency.max_ms)};
}

}  // namespace

std::vector<soak::Window> JoinWindows(const std::vector<soak::Window>& windows, std::size_t most) {
  const std::size_t group = most == 0 ? 1 : (windows.size() + most - 1) / most;
  std::vector<soak::Window> joined;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (i % std::max<std::size_t>(group, 1) == 0)
      joined.push_back(windows[i]);
    else
      Join(joined.back(), windows[i]);
  }
  return joined;
}

object SoakModel(const soak::Summary& soak) {
  array tracks{TrackModel(soak.host)}, marks, segments;
  if (soak.reference) tracks.push_back(TrackModel(*soak.reference));
  for (const auto& mark : soak.marks)
    marks.push_back(object{{"from_s", mark.from_s},
                           {"until_s", mark.until_s},
                           {"what", Visible(mark.what, kNameLimit)}});
  for (const auto& segment : soak.segments)
    segments.push_back(object{{"from_s", segment.from_s},
                              {"until_s", segment.until_s},
                              {"ended", Visible(segment.ended, kNameLimit)}});
  return {{"tracks", std::move(tracks)},
          {"marks", std::move(marks)},
          {"segments", std::move(segments)}};
}

}  // namespace touchstone
