#include "conformance/process/warden.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

pid_t judge_pid = -1;
pid_t warden_pid = -1;
std::filesystem::path scratch_folder;

// At the judge's exit: if the warden was killed, its work falls to the judge.
void CleanUpInstead() {
  if (::getppid() == warden_pid) return;
  KillDescendants();
  std::error_code ec;
  std::filesystem::remove_all(scratch_folder, ec);
}

// A signal from a terminal (SI_KERNEL) reaches the judge as well, since both are in the foreground
// group: forwarding it would look like a second, impatient one. A signal from kill(1) went to the
// warden alone.
void Forward(int signal_number, siginfo_t* info, void*) {
  const int saved = errno;
  if (judge_pid > 0 && info->si_code != SI_KERNEL) ::kill(judge_pid, signal_number);
  errno = saved;
}

void WatchSignals() {
  struct sigaction action = {};
  action.sa_sigaction = Forward;
  action.sa_flags = SA_SIGINFO;
  for (int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

}  // namespace

int KillDescendants() {
  int killed = 0;
  // A killed process may have been about to fork: look again until nothing is left, with a bound.
  for (int round = 0; round < 200; ++round) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    const auto left = Descendants(::getpid());
    if (left.empty()) break;
    for (const auto& info : left) {
      if (::kill(info.pid, SIGKILL) == 0) ++killed;
    }
    ::usleep(2000);
  }
  return killed;
}

std::filesystem::path MakeScratchFolder() {
  std::error_code ec;
  auto base = std::filesystem::temp_directory_path(ec);
  std::string pattern = (ec ? std::filesystem::path("/tmp") : base) / "touchstone-XXXXXX";
  return ::mkdtemp(pattern.data()) ? std::filesystem::path(pattern) : std::filesystem::path();
}

void SplitOffWarden(const std::filesystem::path& scratch) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  warden_pid = ::getpid();
  scratch_folder = scratch;
  // A signal that comes before the warden can forward it waits until then.
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t pid = ::fork();
  if (pid <= 0) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return;  // no second process to be had: go on without a warden
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (::getppid() != warden_pid) ::_exit(1);
    std::atexit(CleanUpInstead);
    return;
  }
  judge_pid = pid;
  WatchSignals();
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  judge_pid = -1;
  KillDescendants();
  std::error_code ec;
  std::filesystem::remove_all(scratch, ec);
  ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace touchstone
