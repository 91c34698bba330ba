// For tests: a sink that keeps what a program writes, and waits for it with a generous deadline.
//
// Thread-safe, as a ChildSink must be.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "conformance/process/child_process.h"

namespace touchstone::testing {

class Collector : public ChildSink {
 public:
  void OnBytes(Stream stream, std::string_view bytes, TimePoint) override {
    std::lock_guard lock(mutex_);
    (stream == Stream::kOut ? out_ : err_).append(bytes);
    changed_.notify_all();
  }
  void OnEof(Stream, TimePoint) override {
    std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }
  void OnExit(ExitStatus, TimePoint) override {}

  // All of a stream, or of stdout and then stderr, once both have ended.
  std::string All(Stream stream) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(Await(lock, [&] { return ended_ == 2; }));
    return stream == Stream::kOut ? out_ : err_;
  }
  std::string All() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(Await(lock, [&] { return ended_ == 2; }));
    return out_ + err_;
  }
  // Stdout, once it has so many bytes.
  std::string Out(std::size_t size) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(Await(lock, [&] { return out_.size() >= size; }));
    return out_;
  }
  // Stdout, once the text is in it or both have ended.
  std::string AwaitOut(const std::string& text) {
    std::unique_lock lock(mutex_);
    Await(lock, [&] { return out_.find(text) != std::string::npos || ended_ == 2; });
    return out_;
  }
  bool AwaitErr(const std::string& text) {
    std::unique_lock lock(mutex_);
    Await(lock, [&] { return err_.find(text) != std::string::npos || ended_ == 2; });
    return err_.find(text) != std::string::npos;
  }

 private:
  bool Await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds) {
    return changed_.wait_for(lock, std::chrono::seconds(120), holds);
  }

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::string out_, err_;
  int ended_ = 0;
};

}  // namespace touchstone::testing
