#include "reference-host/host/event_loop.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace refhost {

EventLoop::EventLoop() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

EventLoop::~EventLoop() {
  close(signal_fd_);
  close(wake_fd_);
}

EventLoop::TimerId EventLoop::Schedule(TimePoint when, Task task) {
  bool first = false;
  TimerId id = 0;
  {
    std::lock_guard lock(mutex_);
    id = next_id_++;
    auto [at, inserted] = timers_.emplace(Key{when, id}, std::move(task));
    deadlines_.emplace(id, when);
    first = at == timers_.begin();
  }
  if (first) Wake();
  return id;
}

void EventLoop::Cancel(TimerId id) {
  std::lock_guard lock(mutex_);
  const auto found = deadlines_.find(id);
  if (found == deadlines_.end()) return;
  timers_.erase(Key{found->second, id});
  deadlines_.erase(found);
}

void EventLoop::Post(Task task) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  Wake();
}

void EventLoop::OnSignal(Task task) { on_signal_ = std::move(task); }

void EventLoop::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  Wake();
}

void EventLoop::Wake() { (void)eventfd_write(wake_fd_, 1); }

TimePoint EventLoop::NextWakeUp() {
  constexpr auto kLong = std::chrono::hours(1);
  std::lock_guard lock(mutex_);
  if (!posted_.empty()) return Now();
  return timers_.empty() ? Now() + kLong : timers_.begin()->first.first;
}

void EventLoop::Run() {
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return;
    }
    const auto left_ns = std::chrono::nanoseconds(NextWakeUp() - Now()).count();
    const auto wait_ns = std::max<int64_t>(left_ns, 0);
    const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000), wait_ns % 1'000'000'000};
    pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    ppoll(fds, 2, &timeout, nullptr);
    eventfd_t ignored;
    (void)eventfd_read(wake_fd_, &ignored);
    TakeSignals();
    RunDueTasks();
  }
}

void EventLoop::TakeSignals() {
  std::lock_guard lock(signal_mutex_);
  signalfd_siginfo info;
  while (read(signal_fd_, &info, sizeof info) == sizeof info) {
    if (on_signal_) on_signal_();
  }
}

void EventLoop::SettleSignals() {
  // The loop is about to take a signal that waits here, unless it has ended.
  constexpr Milliseconds kPatience{50};
  pollfd pending{signal_fd_, POLLIN, 0};
  if (poll(&pending, 1, 0) == 1) {
    const TimePoint until = Now() + kPatience;
    while (poll(&pending, 1, 0) == 1 && Now() < until) std::this_thread::yield();
  }
  std::lock_guard lock(signal_mutex_);
}

void EventLoop::RunDueTasks() {
  std::vector<Task> due;
  {
    std::lock_guard lock(mutex_);
    due.swap(posted_);
    const TimePoint now = Now();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
      due.push_back(std::move(timers_.begin()->second));
      deadlines_.erase(timers_.begin()->first.second);
      timers_.erase(timers_.begin());
    }
  }
  for (Task& task : due) task();
}

}  // namespace refhost
