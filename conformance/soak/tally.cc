#include "conformance/soak/tally.h"

namespace touchstone {

void Tally::Intended() {
  std::lock_guard lock(mutex_);
  ++touched_;
  ++open_.intended;
  ++totals_.intended;
}

// With mutex_ held.
void Tally::CountLocked(const std::string& outcome) {
  ++touched_;
  ++open_.outcomes[outcome];
  ++totals_.outcomes[outcome];
}

void Tally::Answered(const std::string& outcome, std::optional<double> latency_ms, bool right) {
  std::lock_guard lock(mutex_);
  CountLocked(outcome);
  ++open_.answered;
  ++totals_.answered;
  open_.unexpected += right ? 0 : 1;
  totals_.unexpected += right ? 0 : 1;
  if (latency_ms) latencies_.Add(*latency_ms);
}

void Tally::Unanswered(const std::string& outcome, bool right) {
  std::lock_guard lock(mutex_);
  CountLocked(outcome);
  open_.unexpected += right ? 0 : 1;
  totals_.unexpected += right ? 0 : 1;
}

void Tally::Fail(const std::string& requirement, const std::string& message) {
  {
    std::lock_guard lock(mutex_);
    ++touched_;
    ++totals_.failures;
  }
  record_.Add(who_, soak::Failure{clock_.Now(), requirement, message});
}

// With mutex_ held.
soak::Window Tally::OpenLocked() const {
  soak::Window window = open_;
  window.seconds = clock_.Now() - open_.from_s;
  return window;
}

void Tally::CloseWindow() {
  std::lock_guard lock(mutex_);
  const auto window = OpenLocked();
  if (touched_ > 0) record_.Add(who_, window, latencies_);
  if (latencies_.count() > 0) totals_.p99_ms = latencies_.Percentile(0.99);
  open_ = {};
  open_.from_s = window.from_s + window.seconds;
  latencies_.Clear();
  touched_ = 0;
}

std::string Tally::OpenWindow() const {
  std::lock_guard lock(mutex_);
  if (touched_ == 0) return {};
  std::string text;
  soak::RecordWriter writer([&](std::string_view line) { text = line; });
  writer.Add(who_, OpenLocked(), latencies_);
  return text;
}

bool Tally::HasFailed() const {
  std::lock_guard lock(mutex_);
  return totals_.failures > 0;
}

Tally::Totals Tally::Sum() const {
  std::lock_guard lock(mutex_);
  Totals totals = totals_;
  if (totals.p99_ms == 0) totals.p99_ms = latencies_.Percentile(0.99);
  return totals;
}

}  // namespace touchstone
