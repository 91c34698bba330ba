#include "soak/record/thinning.h"

#include <algorithm>

namespace touchstone::soak {

void SampleThinner::Add(const Sample& sample) {
  if (seen_++ % every_ != 0) return;
  samples_.push_back(sample);
  if (samples_.size() <= most_) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples_.size(); i += 2) samples_[kept++] = samples_[i];
  samples_.resize(kept);
  every_ *= 2;
}

void WindowThinner::Add(Window window, LatencyHistogram latencies) {
  const auto join = [](Kept& into, const Kept& from) {
    into.window.seconds += from.window.seconds;
    into.window.intended += from.window.intended;
    into.window.answered += from.window.answered;
    into.window.unexpected += from.window.unexpected;
    for (const auto& [outcome, count] : from.window.outcomes)
      into.window.outcomes[outcome] += count;
    into.latencies.Merge(from.latencies);
    into.joined += from.joined;
  };
  Kept come{std::move(window), std::move(latencies)};
  if (!kept_.empty() && kept_.back().joined < every_) return join(kept_.back(), come);
  kept_.push_back(std::move(come));
  if (kept_.size() <= most_) return;
  every_ *= 2;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < kept_.size(); i += 2, ++kept) {
    if (kept != i) kept_[kept] = std::move(kept_[i]);
    if (i + 1 < kept_.size()) join(kept_[kept], kept_[i + 1]);
  }
  kept_.resize(kept);
}

std::vector<Window> WindowThinner::Take() {
  std::vector<Window> windows;
  for (auto& kept : kept_) {
    kept.window.latency = kept.latencies.Percentiles();
    windows.push_back(std::move(kept.window));
  }
  kept_.clear();
  return windows;
}

std::vector<Sample> Peaks(const std::vector<Sample>& samples, std::size_t most) {
  const std::size_t group = (samples.size() + most - 1) / most;
  if (group <= 1) return samples;
  std::vector<Sample> peaks;
  for (std::size_t i = 0; i < samples.size(); i += group) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(group, samples.size() - i));
    peaks.push_back(*std::max_element(
        begin, end, [](const Sample& a, const Sample& b) { return a.rss_bytes < b.rss_bytes; }));
  }
  return peaks;
}

}  // namespace touchstone::soak
