#include "reference-host/tools/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>

namespace refhost {
namespace {

// The parent of a process; 0 if it is gone. What looks like a zombie may have threads that live on.
pid_t ParentOf(const char* pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[512];
  const ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return 0;
  text[size] = 0;
  // The name is in parentheses and may hold any byte; the last parenthesis is the real one.
  const char* end = strrchr(text, ')');
  char state = 0;
  int parent = 0;
  if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2) return 0;
  return parent;
}

std::multimap<pid_t, pid_t> Children() {
  std::multimap<pid_t, pid_t> children;
  DIR* proc = opendir("/proc");
  if (!proc) return children;
  while (const dirent* entry = readdir(proc)) {
    const pid_t pid = atoi(entry->d_name);
    if (pid <= 0) continue;
    if (const pid_t parent = ParentOf(entry->d_name)) children.emplace(parent, pid);
  }
  closedir(proc);
  return children;
}

}  // namespace

std::vector<pid_t> Descendants(pid_t root, const std::function<bool(pid_t)>& spare) {
  const auto children = Children();
  std::vector<pid_t> found;
  std::vector<pid_t> open = {root};
  while (!open.empty()) {
    const pid_t parent = open.back();
    open.pop_back();
    const auto [begin, end] = children.equal_range(parent);
    for (auto at = begin; at != end; ++at) {
      if (spare && spare(at->second)) continue;
      found.push_back(at->second);
      open.push_back(at->second);
    }
  }
  return found;
}

void KillDescendants(pid_t root, const std::function<bool(pid_t)>& spare) {
  constexpr int kMaxPasses = 100;
  std::set<pid_t> stopped;
  bool found_new = true;
  for (int pass = 0; found_new && pass < kMaxPasses; ++pass) {
    found_new = false;
    for (pid_t pid : Descendants(root, spare)) {
      if (!stopped.insert(pid).second) continue;
      kill(pid, SIGSTOP);
      found_new = true;
    }
  }
  // A process that was found is killed only if it is still one of ours: its number may have been
  // given to another since.
  for (pid_t pid : Descendants(root, spare)) kill(pid, SIGKILL);
}

}  // namespace refhost
