// Facts about processes, read from /proc: what a caller of the host could see with ps. All
// functions may be called from any thread; a process that is gone yields nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

struct ProcStats {
  std::int64_t rss_bytes = 0;
  std::int64_t peak_rss_bytes = 0;  // VmHWM
  int threads = 0;
  int descriptors = 0;
};

std::optional<ProcStats> ReadProcStats(pid_t pid);

// A process and all its living descendants, added up.
struct TreeStats {
  std::vector<pid_t> pids;  // the process itself first
  std::int64_t rss_bytes = 0;
  int threads = 0;
  int descriptors = 0;
  int children = 0;               // descendants, the process itself not counted
  std::chrono::microseconds cpu;  // used so far, by reaped descendants, too; of a tree from which
                                  // an unreaped process has just vanished it may step back
};

std::optional<TreeStats> ReadTreeStats(pid_t root);

// The proportional set size: a page that n processes share counts as a page / n. The kernel walks
// all pages of the process, which may take it milliseconds.
std::optional<std::int64_t> ReadPss(pid_t pid);

struct ProcInfo {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  std::string name;
  bool zombie = false;
};

std::optional<ProcInfo> ReadProcInfo(pid_t pid);

// All living descendants of `root` (zombies are not counted), nearest first.
std::vector<ProcInfo> Descendants(pid_t root);

// The value of `name` in the environment that the process was started with; nothing when it is not
// set.
std::optional<std::string> ProcEnvironment(pid_t pid, const std::string& name);

}  // namespace touchstone
