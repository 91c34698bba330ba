// A program that is measured, talked to from the calling thread alone: no other thread is woken on
// the way, which would cost more than most hosts take for an answer.
//
// For one thread, which must live as long as the object (Spawn() says why). The destructor kills
// the whole process group and reaps the child.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "conformance/bench/cores.h"
#include "conformance/process/child_process.h"
#include "conformance/process/spawn.h"

namespace touchstone {

class PipedProcess {
 public:
  // `program` comes from FindProgram().
  static tl::expected<std::unique_ptr<PipedProcess>, std::string> Start(
      const std::string& program, const LaunchOptions& options, const Cores& cores);
  ~PipedProcess();

  // To be written by the next Pump. May be called by its `on_line`.
  void Queue(std::string_view bytes) { queued_ += bytes; }
  // Its stdin ends with what is queued.
  void CloseStdin() { close_when_written_ = true; }

  // Writes what is queued and reads lines (told without LF) until `on_line` returns true. Lines
  // after that one are told to the next Pump. An error: `patience` went by without a line, stdout
  // ended, or `stop`.
  using OnLine = std::function<bool(std::string_view line)>;
  tl::expected<void, std::string> Pump(const OnLine& on_line, std::chrono::milliseconds patience,
                                       const std::stop_token& stop);

  // Closes stdin, reads to the end of stdout and waits for exit status 0.
  tl::expected<void, std::string> Finish(std::chrono::milliseconds patience,
                                         const std::stop_token& stop);

 private:
  explicit PipedProcess(Spawned child) : child_(child) {}
  // One step: what can be written is, and what there is to read is read. An error: nothing could
  // be done by `deadline`.
  tl::expected<void, std::string> Step(TimePoint deadline, const std::stop_token& stop);
  tl::expected<void, std::string> AwaitExit(TimePoint deadline);
  void WriteQueued();
  void ReadStderr();
  bool Read(int& descriptor, std::string& into);  // false: there was nothing, or it ended
  bool TellLines(const OnLine& on_line);
  std::string Wrong(std::string_view what) const;
  void Close(int& descriptor);

  Spawned child_;
  bool close_when_written_ = false;
  std::string queued_, out_, err_;
  std::size_t written_ = 0, told_ = 0;  // of queued_, and of out_
};

}  // namespace touchstone
