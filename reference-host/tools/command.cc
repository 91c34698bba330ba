#include "reference-host/tools/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "reference-host/provider/wait.h"
#include "reference-host/tools/keeper.h"
#include "reference-host/tools/process_tree.h"

namespace refhost {
namespace {

// How long a keeper that was told to end may take; after that it is killed itself.
constexpr Milliseconds kKeeperPatience{3000};
constexpr Milliseconds kLookAgain{10};

void CloseFd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { CloseFd(fd_); }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

CommandRunner::CommandRunner(std::vector<std::string> environment)
    : environment_(std::move(environment)) {
  // Should a command kill its keeper, what it has left behind comes to the host.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

// With mutex_ held: whoever looks for orphans must not take a new keeper for one.
int CommandRunner::Start(const std::string& command, int dir_fd, Keeper& keeper) {
  int output[2];
  int control[2];
  if (pipe2(output, O_CLOEXEC) != 0) return errno;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) {
    const int error = errno;
    close(output[0]);
    close(output[1]);
    return error;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addfchdir_np(&actions, dir_fd);
  // Its descriptor may have the number that another is to get: it is moved out of the way first.
  const int parking = std::max({control[1], output[1], dir_fd, kKeeperControl}) + 1;
  posix_spawn_file_actions_adddup2(&actions, control[1], parking);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, parking, kKeeperControl);
  posix_spawn_file_actions_addclosefrom_np(&actions, kKeeperControl + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const std::vector<std::string> words = {"refhost", kKeeperCommand, command};
  const int error = posix_spawn(&keeper.pid, "/proc/self/exe", &actions, &attributes,
                                Pointers(words).data(), Pointers(environment_).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(output[1]);
  close(control[1]);
  keeper.output = output[0];
  keeper.control = control[0];
  if (error != 0) return error;
  keeper.pid_fd = static_cast<int>(syscall(SYS_pidfd_open, keeper.pid, 0));
  fcntl(keeper.output, F_SETFL, O_NONBLOCK);
  keepers_.insert(keeper.pid);
  has_run_ = true;
  return 0;
}

CommandResult CommandRunner::Run(const std::string& command, int dir_fd, TimePoint until,
                                 size_t max_output, std::stop_token stop) {
  CommandResult result;
  Keeper keeper;
  {
    std::lock_guard lock(mutex_);
    result.code = stopping_ ? ECANCELED : Start(command, dir_fd, keeper);
  }
  if (keeper.pid > 0 && result.code == 0) {
    // Either stop request ends the command: the run's own, and the host's.
    std::stop_source both;
    const auto request = [&both] { both.request_stop(); };
    const std::stop_callback of_run(stop, request);
    const std::stop_callback of_host(stop_all_.get_token(), request);
    Collect(keeper, until, max_output, both.get_token(), result);
    Finish(keeper, result);
  }
  CloseFd(keeper.output);
  CloseFd(keeper.control);
  CloseFd(keeper.pid_fd);
  return result;
}

// Reads the output until nobody can write to it any more, which is when the keeper has gone.
void CommandRunner::Collect(const Keeper& keeper, TimePoint until, size_t max_output,
                            std::stop_token stop, CommandResult& result) {
  const Waiter waiter(stop);
  const Waiter deaf{std::stop_token()};  // for the time after the order to end
  bool ending = false;
  // Readable when there is output, or none will come because the keeper is gone.
  const Fd either(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(either.get(), EPOLL_CTL_ADD, keeper.output, &event);
  epoll_ctl(either.get(), EPOLL_CTL_ADD, keeper.pid_fd, &event);
  char bytes[64 * 1024];
  while (true) {
    const ssize_t count = read(keeper.output, bytes, sizeof bytes);
    if (count == 0) return;
    if (count > 0) {
      const size_t room = max_output - result.output.size();
      result.output.append(bytes, std::min(room, static_cast<size_t>(count)));
      result.output_cut = result.output_cut || static_cast<size_t>(count) > room;
      // A command that writes for ever must be stopped too.
      if (!waiter.canceled() && Now() < until) continue;
    }
    pollfd gone{keeper.pid_fd, POLLIN, 0};
    if (count < 0 && poll(&gone, 1, 0) == 1) return;
    const WaitResult waited =
        ending ? deaf.Wait(either.get(), POLLIN, until) : waiter.Wait(either.get(), POLLIN, until);
    if (waited == WaitResult::kReady && Now() < until) continue;
    if (ending) return;  // Finish() will see to it
    ending = true;
    result.end = waited == WaitResult::kCanceled ? CommandResult::End::kStopped
                                                 : CommandResult::End::kTimedOut;
    shutdown(keeper.control, SHUT_WR);
    kill(keeper.pid, SIGCONT);  // the command may have stopped it
    until = Now() + kKeeperPatience;
  }
}

void CommandRunner::Finish(Keeper& keeper, CommandResult& result) {
  KeeperReport report;
  const bool reported = recv(keeper.control, &report, sizeof report, MSG_DONTWAIT) == sizeof report;
  if (reported && result.end == CommandResult::End::kNotStarted) {
    result.end = report.signaled ? CommandResult::End::kSignaled : CommandResult::End::kExited;
    result.code = report.code;
  }
  // Either it is about to exit, or it must be made to: it was killed, stopped, or is stuck.
  if (!reported) kill(keeper.pid, SIGKILL);
  while (waitpid(keeper.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  std::lock_guard lock(mutex_);
  keepers_.erase(keeper.pid);
  if (!reported) {
    EndOrphans();
    if (result.end == CommandResult::End::kNotStarted) {
      result.end = CommandResult::End::kSignaled;
      result.code = SIGKILL;
    }
  }
  ended_.notify_all();
}

// Ends what keepers that were killed have left to the host. With mutex_ held.
void CommandRunner::EndOrphans() {
  const auto is_keeper = [this](pid_t pid) { return keepers_.count(pid) > 0; };
  const TimePoint until = Now() + kKeeperPatience;
  const Waiter pause{std::stop_token()};
  // A look at /proc is not made at one moment: a process whose parent dies meanwhile can be missed.
  constexpr int kEmptyLooks = 3;
  for (int empty = 0; empty < kEmptyLooks && Now() < until;) {
    const auto orphans = Descendants(getpid(), is_keeper);
    empty = orphans.empty() ? empty + 1 : 0;
    if (orphans.empty()) continue;
    KillDescendants(getpid(), is_keeper);
    pause.Wait(-1, 0, Now() + kLookAgain);
    for (pid_t pid : orphans) waitpid(pid, nullptr, WNOHANG);
  }
}

void CommandRunner::StopAll(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  if (!has_run_) return;
  lock.unlock();
  stop_all_.request_stop();
  lock.lock();
  ended_.wait_for(lock, patience, [this] { return keepers_.empty(); });
  EndOrphans();
}

}  // namespace refhost
