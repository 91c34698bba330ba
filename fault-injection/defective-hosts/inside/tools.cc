// How tools are started, confined and ended.
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault-injection/defective-hosts/inside/inside.h"

namespace touchstone::inside {
namespace {

// A copy of the environment with more settings. Never freed: a tool is started seldom.
template <int N>
char* const* Extended(char* const* environment, char* (&more)[N]) {
  size_t count = 0;
  while (environment && environment[count]) ++count;
  auto** extended = static_cast<char**>(::calloc(count + N + 1, sizeof(char*)));
  if (!extended) return environment;
  if (count > 0) ::memcpy(extended, environment, count * sizeof(char*));
  for (int i = 0; i < N; ++i) extended[count + static_cast<size_t>(i)] = more[i];
  return extended;
}

void KeyInToolsEnvironment(const char*) {
  calls.spawning = [](char* const* environment) {
    static char setting[600];
    ::snprintf(setting, sizeof setting, "MODEL_CREDENTIAL=%s", Key());
    char* more[] = {setting};
    return Extended(environment, more);
  };
}

// The library goes along into the tools, with what it breaks there.
const char* in_tools = "";
char* const* WithLibrary(char* const* environment) {
  static char preload[1100], chosen[64];
  ::snprintf(preload, sizeof preload, "LD_PRELOAD=%s", Preloaded());
  ::snprintf(chosen, sizeof chosen, "TOUCHSTONE_INSIDE=%s", in_tools);
  char* more[] = {preload, chosen};
  return Extended(environment, more);
}

void ToolsOnStdout(const char*) {
  in_tools = "parents-stdout";
  calls.spawning = WithLibrary;
}

void ParentsStdout(const char*) {
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/fd/1", ::getppid());
  const int fd = Real().openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) ::dup2(fd, STDOUT_FILENO);
}

// Only what is still in the killer's own session. In helpers of the host as well.
void SpareOtherSessions(const char*) {
  in_tools = "spare-other-sessions";
  calls.spawning = WithLibrary;
  calls.kill = [](pid_t pid, int number) {
    const bool spared = pid > 0 && number != 0 && ::getsid(pid) != ::getsid(0);
    return spared ? 0 : Real().kill(pid, number);
  };
}

void FollowLinks(const char*) {
  calls.syscall = [](long number, long a[6]) {
    if (number != SYS_openat2) return Real().syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    open_how how = *reinterpret_cast<const open_how*>(a[2]);
    how.resolve = 0;
    return Real().syscall(number, a[0], a[1], &how, sizeof how);
  };
}

// As one that leaves the call to a program: "curl -H 'Authorization: Bearer …'".
void KeyOnCommandLine(const char*) {
  calls.connecting = [] {
    if (::fork() != 0) return;
    Real().prctl(PR_SET_PDEATHSIG, SIGKILL);
    Real().syscall(SYS_close_range, 0u, ~0u, 0u);
    ::execl("/bin/sh", "sh", "-c", "sleep 2; :", Key(), nullptr);
    ::_exit(1);
  };
}

}  // namespace

const Breakage kTools[] = {{"key-in-tools-environment", KeyInToolsEnvironment},
                           {"tools-on-stdout", ToolsOnStdout},
                           {"parents-stdout", ParentsStdout},
                           {"spare-other-sessions", SpareOtherSessions},
                           {"follow-links", FollowLinks},
                           {"key-on-command-line", KeyOnCommandLine},
                           {nullptr, nullptr}};

}  // namespace touchstone::inside
