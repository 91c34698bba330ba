#include "conformance/process/lag_gauge.h"

#include <pthread.h>

#include <algorithm>

namespace touchstone {
namespace {

using std::chrono::steady_clock;
constexpr auto kNap = std::chrono::milliseconds(5);
constexpr auto kWorthNoting = std::chrono::milliseconds(1);
constexpr auto kRemember = std::chrono::minutes(5);

}  // namespace

LagGauge::LagGauge() : asleep_since_(steady_clock::now()) {
  thread_ = std::jthread([this](std::stop_token stop) {
    pthread_setname_np(pthread_self(), "judge-lag");
    // From one waking to the next, so that no moment goes unseen.
    auto until = asleep_since_;
    while (!stop.stop_requested()) {
      const auto from = until;
      {
        std::lock_guard lock(mutex_);
        asleep_since_ = from;
      }
      std::this_thread::sleep_for(kNap);
      until = steady_clock::now();
      const auto overshoot =
          std::chrono::duration_cast<std::chrono::microseconds>(until - from - kNap);
      if (overshoot < kWorthNoting) continue;
      std::lock_guard lock(mutex_);
      std::erase_if(stalls_, [&](const Stall& stall) { return stall.until + kRemember < until; });
      stalls_.push_back({from, until, overshoot});
    }
  });
}

LagGauge::~LagGauge() = default;

std::chrono::microseconds LagGauge::WorstSince(TimePoint from) const {
  std::lock_guard lock(mutex_);
  // A stall that goes on right now has not been noted yet.
  auto worst = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() -
                                                                     asleep_since_ - kNap);
  worst = std::max(worst, std::chrono::microseconds(0));
  for (const Stall& stall : stalls_) {
    if (stall.until >= from) worst = std::max(worst, stall.overshoot);
  }
  return worst;
}

}  // namespace touchstone
