// Everything that was written, read and done in one play, in order, with the time of each: the
// transcript of a failure report. Bounded: the first and the last lines of a flood are kept, and
// the middle is counted.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

class Journal {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Journal() : started_(std::chrono::steady_clock::now()) {}

  // `who` is the process ("host", "host p2") or the judge; `what` one of "in", "out", "err",
  // "note".
  void Add(TimePoint at, std::string_view who, std::string_view what, std::string_view bytes);
  void Note(std::string_view text);
  TimePoint started() const { return started_; }

  struct Entry {
    TimePoint at;
    std::string who, what, text;
  };
  std::vector<Entry> Entries() const;  // those that are kept

  // One line per entry: milliseconds since the start, who, direction, text.
  std::string ToString() const;

 private:
  static constexpr std::size_t kKeepFirst = 400, kKeepLast = 400, kKeepBytes = 4000;

  const TimePoint started_;
  mutable std::mutex mutex_;  // guards all below
  std::deque<Entry> first_, last_;
  std::size_t dropped_ = 0;
};

}  // namespace touchstone
