// How late this machine is: a thread that sleeps 5 ms over and over and notes by how much it
// overslept. The contract's timing rule counts a trial only when the overshoot stayed within 10 ms.
//
// Thread-safe. Costs 200 wake-ups a second for as long as it lives.
#pragma once

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace touchstone {

class LagGauge {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  LagGauge();
  ~LagGauge();

  // The largest overshoot that touched the time since `from`. The last 5 minutes are remembered.
  std::chrono::microseconds WorstSince(TimePoint from) const;

 private:
  struct Stall {
    TimePoint from, until;
    std::chrono::microseconds overshoot;
  };

  mutable std::mutex mutex_;   // guards stalls_, asleep_since_
  std::vector<Stall> stalls_;  // only those over 1 ms, oldest first
  TimePoint asleep_since_;
  std::jthread thread_;
};

}  // namespace touchstone
