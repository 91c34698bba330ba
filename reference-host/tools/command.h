// Runs shell commands for tool calls, each below a keeper of its own (keeper.h), and makes sure
// that nothing of them is left: not when the command ends, not when it is stopped, not when the
// host exits. Any number of threads may run commands at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "reference-host/host/clock.h"

namespace refhost {

struct CommandResult {
  enum class End { kExited, kSignaled, kTimedOut, kStopped, kNotStarted };
  End end = End::kNotStarted;
  int code = 0;             // exit status, signal, or errno
  std::string output;       // stdout and stderr as they came; the first `max_output` bytes
  bool output_cut = false;  // there was more
};

class CommandRunner {
 public:
  // `environment` is all that a command gets to see ("NAME=value"). Makes the process a subreaper.
  explicit CommandRunner(std::vector<std::string> environment);

  // Runs `sh -c command` in the directory `dir_fd`, with stdin empty. Returns when the command and
  // everything that it has started are gone; at `until` or a stop request they are killed.
  CommandResult Run(const std::string& command, int dir_fd, TimePoint until, size_t max_output,
                    std::stop_token stop);

  // Kills whatever runs and waits, for at most `patience`, until it is gone. Nothing can be started
  // any more.
  void StopAll(Milliseconds patience);

 private:
  struct Keeper {
    pid_t pid = -1;
    int pid_fd = -1;
    int control = -1;
    int output = -1;
  };

  int Start(const std::string& command, int dir_fd, Keeper& keeper);
  void Collect(const Keeper& keeper, TimePoint until, size_t max_output, std::stop_token stop,
               CommandResult& result);
  void Finish(Keeper& keeper, CommandResult& result);
  void EndOrphans();

  const std::vector<std::string> environment_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;    // guarded by mutex_
  bool has_run_ = false;     // guarded by mutex_
  std::set<pid_t> keepers_;  // guarded by mutex_
  std::stop_source stop_all_;
};

}  // namespace refhost
