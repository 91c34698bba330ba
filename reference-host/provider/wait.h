// Waiting for a socket in a way that a stop request interrupts at once.
//
// The stop request makes a descriptor of our own readable; the thread that uses the socket wakes up
// and closes it itself. So nobody ever touches a descriptor number that may have been reused
// meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "reference-host/host/clock.h"

namespace refhost {

enum class WaitResult { kReady, kTimedOut, kCanceled };

class Waiter {
 public:
  explicit Waiter(std::stop_token stop);
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter();

  // `events` as in poll(2); fd -1 waits for the time alone.
  WaitResult Wait(int fd, short events, TimePoint until) const;
  bool canceled() const { return stop_.stop_requested(); }

 private:
  std::stop_token stop_;
  int wake_fd_;
  std::optional<std::stop_callback<std::function<void()>>> callback_;
};

}  // namespace refhost
