#include "conformance/process/proc_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

namespace touchstone {
namespace {

// Numeric entries of a directory such as /proc or /proc/PID/fd.
std::vector<pid_t> NumericEntries(const std::string& path) {
  std::vector<pid_t> numbers;
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return numbers;
  while (dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
      numbers.push_back(std::atoi(entry->d_name));
  }
  ::closedir(directory);
  return numbers;
}

// The whole file; empty when the process is gone. (A stream would throw: /proc files vanish while
// they are read.)
std::string ReadProcFile(pid_t pid, std::string_view name) {
  const int fd = ::open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  if (fd < 0) return text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return text;
}

// The kernel's number of the line "KEY:   N kB", in bytes; nothing when there is no such line.
std::optional<std::int64_t> KilobytesAt(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return std::atoll(line.c_str() + key.size()) * 1024;
  }
  return std::nullopt;
}

// User and system time, of reaped children, too, which /proc/PID/stat has as fields 14 to 17.
std::chrono::microseconds CpuOf(pid_t pid) {
  const std::string text = ReadProcFile(pid, "stat");
  const auto close = text.rfind(')');
  if (close == std::string::npos) return {};
  std::istringstream fields(text.substr(close + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::int64_t ticks = 0;
  for (int field = 14, value = 0; field <= 17 && fields >> value; ++field) ticks += value;
  return std::chrono::microseconds(ticks * 1'000'000 / ::sysconf(_SC_CLK_TCK));
}

// The children of all threads of a process, as the kernel lists them.
void AddListedChildren(pid_t pid, std::set<pid_t>& children) {
  for (pid_t thread : NumericEntries(fmt::format("/proc/{}/task", pid))) {
    std::istringstream list(ReadProcFile(pid, fmt::format("task/{}/children", thread)));
    for (pid_t child = 0; list >> child;) children.insert(child);
  }
}

using Children = std::function<std::vector<ProcInfo>(pid_t parent)>;

// Asking the parents costs a fraction of reading about each process of the machine. The kernel may
// pass over a child when the one before it goes meanwhile: what either of two readings shows
// counts.
Children ChildrenFromLists() {
  return [](pid_t parent) {
    std::set<pid_t> pids;
    for (int reading = 0; reading < 2; ++reading) AddListedChildren(parent, pids);
    std::vector<ProcInfo> children;
    for (pid_t pid : pids) {
      if (auto info = ReadProcInfo(pid)) children.push_back(std::move(*info));
    }
    return children;
  };
}

// For kernels without those lists (CONFIG_PROC_CHILDREN).
Children ChildrenFromAllProcesses() {
  std::map<pid_t, std::vector<ProcInfo>> by_parent;
  for (pid_t pid : NumericEntries("/proc")) {
    if (auto info = ReadProcInfo(pid)) by_parent[info->parent].push_back(std::move(*info));
  }
  return [by_parent = std::move(by_parent)](pid_t parent) {
    const auto found = by_parent.find(parent);
    return found == by_parent.end() ? std::vector<ProcInfo>() : found->second;
  };
}

Children ChildrenOf() {
  static const bool listed = ::access("/proc/thread-self/children", R_OK) == 0;
  return listed ? ChildrenFromLists() : ChildrenFromAllProcesses();
}

}  // namespace

std::optional<ProcStats> ReadProcStats(pid_t pid) {
  std::istringstream status(ReadProcFile(pid, "status"));
  if (status.str().empty()) return std::nullopt;
  ProcStats stats;
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string key;
    std::int64_t value = 0;
    fields >> key >> value;
    if (key == "VmRSS:") stats.rss_bytes = value * 1024;
    if (key == "VmHWM:") stats.peak_rss_bytes = value * 1024;
    if (key == "Threads:") stats.threads = static_cast<int>(value);
  }
  stats.descriptors = static_cast<int>(NumericEntries(fmt::format("/proc/{}/fd", pid)).size());
  return stats;
}

std::optional<TreeStats> ReadTreeStats(pid_t root) {
  TreeStats tree{};
  std::vector<pid_t> members{root};
  for (const auto& info : Descendants(root)) members.push_back(info.pid);
  for (pid_t pid : members) {
    const auto stats = ReadProcStats(pid);
    if (!stats) {
      if (pid == root) return std::nullopt;
      continue;
    }
    tree.pids.push_back(pid);
    tree.rss_bytes += stats->rss_bytes;
    tree.threads += stats->threads;
    tree.descriptors += stats->descriptors;
    tree.children += pid == root ? 0 : 1;
    tree.cpu += CpuOf(pid);
  }
  return tree;
}

std::optional<std::int64_t> ReadPss(pid_t pid) {
  return KilobytesAt(ReadProcFile(pid, "smaps_rollup"), "Pss:");
}

std::optional<ProcInfo> ReadProcInfo(pid_t pid) {
  const std::string text = ReadProcFile(pid, "stat");
  // The name stands in parentheses and may itself contain any of them.
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  ProcInfo info;
  info.pid = pid;
  info.name = text.substr(open + 1, close - open - 1);
  std::istringstream fields(text.substr(close + 1));
  char state = 0;
  fields >> state >> info.parent >> info.group >> info.session;
  info.zombie = state == 'Z' || state == 'X';
  return info;
}

std::vector<ProcInfo> Descendants(pid_t root) {
  const auto children = ChildrenOf();
  std::vector<ProcInfo> found;
  std::vector<pid_t> frontier{root};
  for (std::size_t i = 0; i < frontier.size(); ++i) {
    for (const ProcInfo& child : children(frontier[i])) {
      frontier.push_back(child.pid);
      if (!child.zombie) found.push_back(child);
    }
  }
  return found;
}

std::optional<std::string> ProcEnvironment(pid_t pid, const std::string& name) {
  std::istringstream file(ReadProcFile(pid, "environ"));
  for (std::string entry; std::getline(file, entry, '\0');) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

}  // namespace touchstone
