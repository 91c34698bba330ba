// A host under test, or any other program, as a child: three pipes, its own process group, a typed
// exit.
//
// Passive: it does nothing by itself but read its pipes on the IoThread and report to its Sink. The
// child is killed when the judge dies (PR_SET_PDEATHSIG), and the destructor kills the whole group,
// reaps the child and returns only when both are done.
//
// Threads: the methods may be called from any thread but the IoThread. Sink methods are called on
// the IoThread, one at a time; they must not block.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/process/io_thread.h"

namespace touchstone {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

// How a process ended: by a status or by a signal.
struct ExitStatus {
  bool signalled = false;
  int value = 0;  // the exit status, or the signal's number

  bool operator==(const ExitStatus&) const = default;
  std::string ToString() const;  // "status 3", "signal 9 (Killed)"
};

enum class Stream { kOut, kErr };

class ChildSink {
 public:
  virtual ~ChildSink() = default;
  virtual void OnBytes(Stream stream, std::string_view bytes, TimePoint at) = 0;
  virtual void OnEof(Stream stream, TimePoint at) = 0;
  virtual void OnExit(ExitStatus status, TimePoint at) = 0;
};

struct LaunchOptions {
  std::vector<std::string> argv;         // argv[0] is looked up in PATH unless it contains a slash
  std::vector<std::string> environment;  // the whole of it, "NAME=value"
  std::string working_directory;         // empty: the judge's own
};

// When a queued write reached the pipe: the first byte was offered at `begun`, the last was taken
// at `ended`.
struct WriteTimes {
  TimePoint begun, ended;
  bool complete = false;  // false: the reader went away, or the deadline passed first
};

class ChildProcess {
 public:
  // Starts it, or says why not ("no such program", "not executable").
  static tl::expected<std::unique_ptr<ChildProcess>, std::string> Start(IoThread& io,
                                                                        LaunchOptions options,
                                                                        ChildSink& sink);
  ~ChildProcess();

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const;

  // Writes all bytes to stdin and returns when the pipe has taken the last one, or at the deadline.
  WriteTimes Write(std::string bytes, TimePoint deadline);
  void CloseStdin();
  // The judge stops reading and closes its end, so that the child's next write fails.
  void CloseStdout();
  // Stops reading for a while: the pipe fills up. Resume reads on.
  void PauseReading(Stream stream);
  void ResumeReading(Stream stream);
  void CloseStderr();

  void Signal(int number);       // to the child alone; nothing when it has been reaped
  void SignalGroup(int number);  // to its process group

  // Waits for the exit (not for the pipes' EOF).
  std::optional<ExitStatus> WaitExit(TimePoint deadline);

 private:
  class Impl;
  explicit ChildProcess(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace touchstone
