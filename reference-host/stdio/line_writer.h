// Writes whole lines to a descriptor from a thread of its own, in the order in which they were
// pushed, as many to a write as are waiting. Push never blocks: deadlines must run although nobody
// reads. Whoever can wait (the reader of requests) waits for room first, which keeps the queue
// bounded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "reference-host/host/clock.h"

namespace refhost {

class LineWriter {
 public:
  // `on_broken` is called once, from the writer's thread, when the reader is gone.
  LineWriter(int fd, std::function<void()> on_broken);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  ~LineWriter();  // what is not written by now is lost

  // Adds the LF.
  void Push(std::string line);

  // The thread that calls this writes what it pushes itself, in Relay(), which it must call before
  // it waits for anything. Waking another thread would cost more than most answers.
  void Adopt() { adopter_ = std::this_thread::get_id(); }
  // Never blocks: what the pipe does not take at once is left to the writer's thread.
  void Relay();

  // Blocks while more than `bytes` wait; returns at once when the reader is gone.
  void WaitUntilBelow(size_t bytes);

  bool IsFuller(size_t bytes);

  // Whether everything was written. False for good once the reader is gone.
  bool IsEmpty();

 private:
  void Loop(std::stop_token stop);

  const int fd_;
  std::function<void()> on_broken_;
  std::atomic<std::thread::id> adopter_{};
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::condition_variable written_;
  std::string waiting_;  // guarded by mutex_
  size_t writing_ = 0;   // guarded by mutex_: bytes in the hands of whoever writes
  bool broken_ = false;  // guarded by mutex_
  std::jthread thread_;
};

// Without a thread, blocking. False if the reader is gone.
bool WriteText(int fd, std::string_view text);
bool WriteLine(int fd, std::string line);

}  // namespace refhost
