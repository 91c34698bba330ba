#include "reference-host/provider/wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace refhost {

Waiter::Waiter(std::stop_token stop)
    : stop_(std::move(stop)), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  callback_.emplace(stop_, [this] { (void)eventfd_write(wake_fd_, 1); });
}

Waiter::~Waiter() {
  callback_.reset();  // after this the callback does not run any more
  if (wake_fd_ >= 0) close(wake_fd_);
}

WaitResult Waiter::Wait(int fd, short events, TimePoint until) const {
  while (true) {
    if (canceled()) return WaitResult::kCanceled;
    const auto left = std::chrono::nanoseconds(until - Now()).count();
    const auto wait_ns = std::max<int64_t>(left, 0);
    const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000), wait_ns % 1'000'000'000};
    pollfd fds[2] = {{wake_fd_, POLLIN, 0}, {fd, events, 0}};
    const int count = ppoll(fds, 2, &timeout, nullptr);
    if (canceled()) return WaitResult::kCanceled;
    if (count > 0 && fds[1].revents) return WaitResult::kReady;
    if (count < 0 && errno != EINTR) return WaitResult::kTimedOut;
    if (Now() >= until) return WaitResult::kTimedOut;
  }
}

}  // namespace refhost
