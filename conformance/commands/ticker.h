// A line on stderr now and then, so that a long suite shows that it lives. For one thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace touchstone {

class Ticker {
 public:
  explicit Ticker(std::string what) : what_(std::move(what)) {}

  // Says it when the last line was ten seconds ago.
  void Tell(const std::string& state) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < std::chrono::seconds(10)) return;
    told_ = now;
    fmt::print(stderr, "{}: {}\n", what_, state);
    std::fflush(stderr);
  }

 private:
  const std::string what_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

}  // namespace touchstone
