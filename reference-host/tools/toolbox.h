// The tools that the host offers to a provider: what they are called and take, and one call from
// its arguments to the text that the provider is shown. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reference-host/host/clock.h"
#include "reference-host/provider/provider.h"
#include "reference-host/tools/command.h"

namespace refhost {

struct ToolSettings {
  std::string state_dir;
  int64_t timeout_ms = 60'000;
  std::vector<std::string> environment;  // all that a command sees
  std::vector<std::string> secrets;      // never to appear in a result
};

enum class ToolKind { kRunCommand, kReadFile, kWriteFile, kListFiles };

// A call that can be made.
struct ToolInvocation {
  ToolKind kind = ToolKind::kRunCommand;
  std::string target;     // command or path
  std::string content;    // write_file
  std::string arguments;  // canonical JSON: equal calls have equal arguments
};

enum class ToolEnd {
  kOk,
  kFailed,    // the provider is told; so it is for the next two
  kTimedOut,  // ZENE_TOOL_TIMEOUT_MS
  kRefused,   // no such tool, or bad arguments: nothing was done
  kStopped,   // with its run: what it has done is not known
};
std::string_view Name(ToolEnd end);

struct ToolOutcome {
  ToolEnd end = ToolEnd::kOk;
  // At most 64 KiB of valid UTF-8, not empty (TOOL-06).
  std::string result;
};

class Toolbox {
 public:
  explicit Toolbox(ToolSettings settings);

  static const std::vector<ToolSpec>& Specs();

  // What the call means, or what to tell the provider (TOOL-03).
  tl::expected<ToolInvocation, std::string> Parse(const ToolCall& call) const;

  // Whether making the call again could do harm.
  static bool HasEffects(ToolKind kind);

  // Makes the call in the session's work directory. Blocks; a stop request ends it at once.
  ToolOutcome Run(const ToolInvocation& call, std::string_view session_id, std::stop_token stop);

  // Removes work directories that were taken from their sessions, while there is time.
  void EmptyTrash(TimePoint until) const;

  // `text` without the provider keys (SEC-01).
  std::string Redact(std::string text) const;

  // Held by whoever makes calls, from before the first record of one until after the last.
  class Activity {
   public:
    explicit Activity(Toolbox& toolbox);
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;
    ~Activity();

   private:
    Toolbox& toolbox_;
  };

  // Before the host exits: ends what still runs, and waits for it (LIFE-08).
  void StopAll(Milliseconds patience);

 private:
  ToolOutcome RunCommand(const ToolInvocation& call, int dir_fd, std::stop_token stop);
  ToolOutcome RunFileTool(const ToolInvocation& call, int dir_fd);
  std::string Presentable(std::string bytes, bool cut, const std::string& note) const;

  const ToolSettings settings_;
  const size_t longest_secret_;
  CommandRunner commands_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int active_ = 0;  // guarded by mutex_
};

// The longest prefix of at most `max_bytes` that does not end inside a UTF-8 character.
std::string_view CutAtCharacter(std::string_view text, size_t max_bytes);

}  // namespace refhost
