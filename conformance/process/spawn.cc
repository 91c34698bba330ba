#include "conformance/process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

namespace touchstone {
namespace {

// Both ends are closed when it goes, unless taken out.
struct Pipe {
  int read = -1, write = -1;

  bool Open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
};

int Take(int& descriptor) { return std::exchange(descriptor, -1); }

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const auto& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs between vfork and exec, prepared before: it shares the judge's memory, so it
// may only make system calls.
struct Plan {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* directory;
  int in, out, err;
};

// In the child. Returns the errno of what failed.
int Become(const Plan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sigaction defaults = {};
  defaults.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &defaults, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (*plan.directory != 0 && ::chdir(plan.directory) != 0) return errno;
  if (::dup2(plan.in, 0) < 0 || ::dup2(plan.out, 1) < 0 || ::dup2(plan.err, 2) < 0) return errno;
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::execve(plan.program, plan.argv, plan.environment);
  return errno;
}

}  // namespace

tl::expected<std::string, std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    std::error_code ec;
    if (!std::filesystem::exists(name, ec))
      return tl::unexpected(fmt::format("{}: no such file", name));
    if (std::filesystem::is_directory(name, ec))
      return tl::unexpected(fmt::format("{}: is a directory", name));
    if (::access(name.c_str(), X_OK) != 0)
      return tl::unexpected(fmt::format("{}: not executable", name));
    return name;
  }
  const char* path = ::getenv("PATH");
  std::istringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate))
      return candidate;
  }
  return tl::unexpected(fmt::format("{}: not found in PATH", name));
}

tl::expected<Spawned, std::string> Spawn(const std::string& program,
                                         const std::vector<std::string>& argv,
                                         const std::vector<std::string>& environment,
                                         const std::string& working_directory) {
  Pipe in, out, err;
  if (!in.Open() || !out.Open() || !err.Open()) {
    return tl::unexpected(
        fmt::format("cannot start {}: no pipe could be made: {}", program, ::strerror(errno)));
  }
  const auto argv_pointers = Pointers(argv), environment_pointers = Pointers(environment);
  const Plan plan{program.c_str(),
                  argv_pointers.data(),
                  environment_pointers.data(),
                  working_directory.c_str(),
                  in.read,
                  out.write,
                  err.write};
  // The child writes it into the memory that it shares with us.
  volatile int child_errno = 0;
  // A handler of the judge must not run in the child.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    child_errno = Become(plan);
    ::_exit(127);
  }
  const int fork_errno = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0)
    return tl::unexpected(fmt::format("cannot start {}: {}", program, ::strerror(fork_errno)));
  if (child_errno != 0) {
    ::waitpid(pid, nullptr, 0);
    return tl::unexpected(fmt::format("cannot start {}: {}", program, ::strerror(child_errno)));
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    const int reason = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return tl::unexpected(fmt::format("cannot watch {}: {}", program, ::strerror(reason)));
  }
  for (int* end : {&in.write, &out.read, &err.read})
    ::fcntl(*end, F_SETFL, ::fcntl(*end, F_GETFL) | O_NONBLOCK);
  return Spawned{pid, pidfd, Take(in.write), Take(out.read), Take(err.read)};
}

}  // namespace touchstone
