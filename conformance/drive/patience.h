// How long an expectation waits for its condition, unless its step says otherwise. Generous, so
// that a slow machine is no failure; but a host that has let several plays run into their deadlines
// has failed already, and a person waits for the verdict: it gets less, and in the end the rest is
// not played.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>

namespace touchstone {

class Patience {
 public:
  std::chrono::milliseconds Now() const {
    return ran_out_ < kGenerous ? std::chrono::milliseconds(20'000)
                                : std::chrono::milliseconds(3'000);
  }
  // An expectation waited in vain to its deadline while the host lived on.
  void RanOut() { ++ran_out_; }
  // No further play should begin.
  bool Lost() const { return ran_out_ >= kHopeless; }
  int times_ran_out() const { return ran_out_; }

 private:
  static constexpr int kGenerous = 5, kHopeless = 30;
  std::atomic<int> ran_out_{0};
};

}  // namespace touchstone
