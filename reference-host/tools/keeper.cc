#include "reference-host/tools/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reference-host/host/clock.h"
#include "reference-host/tools/process_tree.h"

namespace refhost {
namespace {

constexpr Milliseconds kLookAgain{20};

[[noreturn]] void BecomeCommand(const char* command, pid_t keeper) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execl("/bin/sh", "sh", "-c", command, nullptr);
  _exit(127);
}

// Takes the children that have died. True if there are others.
bool Reap(pid_t command, int* status, bool* ended) {
  while (true) {
    int its_status = 0;
    const pid_t pid = waitpid(-1, &its_status, WNOHANG);
    if (pid <= 0) return pid == 0;
    if (pid != command) continue;
    *status = its_status;
    *ended = true;
  }
}

}  // namespace

int RunKeeper(const char* command) {
  struct stat control;
  if (fstat(kKeeperControl, &control) != 0 || !S_ISSOCK(control.st_mode)) return 2;
  fcntl(kKeeperControl, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  prctl(PR_SET_CHILD_SUBREAPER, 1);

  const pid_t keeper = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeCommand(command, keeper);
  int status = 127 << 8;
  bool ended = pid < 0;
  bool killing = false;
  TimePoint look_again{};
  while (true) {
    const bool some_left = Reap(pid, &status, &ended);
    if (!some_left) break;
    killing = killing || ended;
    // A look at the whole of /proc is not worth it for every single death.
    if (killing && Now() >= look_again) {
      KillDescendants(keeper);
      look_again = Now() + kLookAgain;
    }
    pollfd fds[2] = {{deaths, POLLIN, 0}, {killing ? -1 : kKeeperControl, POLLIN, 0}};
    poll(fds, 2, killing ? static_cast<int>(kLookAgain.count()) : -1);
    signalfd_siginfo info;
    while (read(deaths, &info, sizeof info) == sizeof info) {
    }
    if (fds[1].revents) killing = true;  // nothing is ever sent to here: it is the end
  }
  KeeperReport report;
  report.signaled = WIFSIGNALED(status) ? 1 : 0;
  report.code = report.signaled ? WTERMSIG(status) : WEXITSTATUS(status);
  (void)send(kKeeperControl, &report, sizeof report, MSG_NOSIGNAL);
  return 0;
}

}  // namespace refhost
