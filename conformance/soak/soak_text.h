// What a person is told of a soak: a line while it goes on, some lines when it is over.
#pragma once

#include <cstdio>
#include <string>

#include "conformance/process/child_process.h"
#include "conformance/soak/soak.h"

namespace touchstone {

// "1:02:03 of 24:00:00  50/s  186150 answered: 151200 OK, 16000 OK replayed, …  p99 4.1 ms RSS 12.3
// MiB  lag 0.2 ms", cut to `width` columns. What is wrong comes first.
std::string FormatSoakProgress(const SoakPlan& plan, const SoakProgress& progress,
                               std::size_t width);

// "pass [S]: …": counts, latency, trends, segments, the first failures.
std::string FormatSoak(const soak::Summary& summary);

// A minute as "1:00", an hour as "1:00:00".
std::string FormatLength(double seconds);

// Shows the progress on a stream: refreshes a line, or (`plain`) prints one now and then.
class SoakConsole : public SoakObserver {
 public:
  SoakConsole(std::FILE* stream, bool plain, const SoakPlan& plan);
  ~SoakConsole() override;
  void OnProgress(const SoakProgress& progress) override;

 private:
  std::FILE* stream_;
  const bool plain_;
  const SoakPlan& plan_;
  bool line_open_ = false;
  TimePoint told_at_;
};

}  // namespace touchstone
