// The two clocks: a monotonic one for durations and deadlines, Unix time for what people and other
// processes read.
#pragma once

#include <chrono>
#include <cstdint>

namespace refhost {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;
using Milliseconds = std::chrono::milliseconds;

inline TimePoint Now() { return SteadyClock::now(); }

inline int64_t UnixMs() {
  return std::chrono::duration_cast<Milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline int64_t ElapsedMs(TimePoint since, TimePoint until) {
  return std::chrono::duration_cast<Milliseconds>(until - since).count();
}

}  // namespace refhost
