// Soaked time: seconds of this soak, over all its segments; it stands still while no judge runs.
//
// A plain value. Any thread.
#pragma once

#include <chrono>

#include "conformance/process/child_process.h"

namespace touchstone {

struct SoakClock {
  TimePoint started;  // of this segment
  double from_s = 0;  // the soaked time at that moment

  double At(TimePoint time) const {
    return from_s + std::chrono::duration<double>(time - started).count();
  }
  double Now() const { return At(Clock::now()); }
  TimePoint When(double at_s) const {
    return started + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(at_s - from_s));
  }
};

}  // namespace touchstone
