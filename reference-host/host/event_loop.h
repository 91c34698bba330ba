// The main thread's loop: timers, signals, and messages from other threads, one after the other. It
// is the host's only timer. Schedule, Cancel, Post and Stop may be called from any thread;
// everything that they name runs on the loop's thread.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "reference-host/host/clock.h"

namespace refhost {

class EventLoop {
 public:
  using Task = std::function<void()>;
  using TimerId = uint64_t;  // never 0

  // Blocks SIGTERM and SIGINT in the calling thread and in all that it starts later.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  TimerId Schedule(TimePoint when, Task task);
  void Cancel(TimerId id);  // one that has run, or never was, is no error
  void Post(Task task);
  void OnSignal(Task task);  // before Run()

  // Readable while a signal waits for Run().
  int signal_fd() const { return signal_fd_; }

  // Returns when every signal that came before this call has been handled, so that what the sender
  // does next is judged in the light of it. Not from the loop's own thread.
  void SettleSignals();

  // Runs until Stop(). A Stop() that came first counts.
  void Run();
  void Stop();

 private:
  using Key = std::pair<TimePoint, TimerId>;

  void Wake();
  TimePoint NextWakeUp();
  void RunDueTasks();
  void TakeSignals();

  int signal_fd_ = -1;
  int wake_fd_ = -1;
  Task on_signal_;
  std::mutex signal_mutex_;  // held from taking a signal to the end of its handling
  std::mutex mutex_;
  std::map<Key, Task> timers_;                        // guarded by mutex_
  std::unordered_map<TimerId, TimePoint> deadlines_;  // guarded by mutex_
  std::vector<Task> posted_;                          // guarded by mutex_
  TimerId next_id_ = 1;                               // guarded by mutex_
  bool stopped_ = false;                              // guarded by mutex_
};

}  // namespace refhost
