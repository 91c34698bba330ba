// What came of one host's requests, added up: in the window that is open and in all, as the record
// gets it and the progress line shows it. Bounded, however long the soak.
//
// Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "conformance/soak/clock.h"
#include "soak/record/record.h"
#include "soak/stats/histogram.h"
#include "soak/summary/summary.h"

namespace touchstone {

class Tally {
 public:
  Tally(soak::RecordWriter& record, soak::Who who, const SoakClock& clock)
      : record_(record), who_(who), clock_(clock) {
    open_.from_s = clock.from_s;
  }

  // A line was meant to start.
  void Intended();
  // It was answered for good. No latency: the judge itself had held it up. `right`: the outcome is
  // one that the contract allows.
  void Answered(const std::string& outcome, std::optional<double> latency_ms, bool right);
  // It will never be answered, "LOST BY SIGKILL"; a wrong one is a failure of the host.
  void Unanswered(const std::string& outcome, bool right);
  void Fail(const std::string& requirement, const std::string& message);

  // Writes the window to the record and opens the next one. One without a line is not written.
  void CloseWindow();
  // The window that is open as a line of the record, to be appended when the judge is killed before
  // it closes; empty: there is nothing in it.
  std::string OpenWindow() const;

  struct Totals {
    std::int64_t intended = 0, answered = 0, unexpected = 0, failures = 0;
    std::map<std::string, std::int64_t> outcomes;
    double p99_ms = 0;  // of the last window with anything in it
  };
  Totals Sum() const;
  bool HasFailed() const;

 private:
  soak::Window OpenLocked() const;
  void CountLocked(const std::string& outcome);

  soak::RecordWriter& record_;
  const soak::Who who_;
  const SoakClock& clock_;
  mutable std::mutex mutex_;  // guards all below
  soak::Window open_;
  soak::LatencyHistogram latencies_;  // of the open window
  std::int64_t touched_ = 0;          // how often anything was counted in it
  Totals totals_;
};

}  // namespace touchstone
