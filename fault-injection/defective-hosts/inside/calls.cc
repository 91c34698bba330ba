// The host's calls come here instead of to libc.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "fault-injection/defective-hosts/inside/inside.h"

namespace touchstone::inside {

BrokenCalls calls;

namespace {

template <class Function>
void Find(Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

RealCalls FindAll() {
  RealCalls real;
  Find(real.write, "write");
  Find(real.pwrite, "pwrite64");
  Find(real.recv, "recv");
  Find(real.connect, "connect");
  Find(real.openat, "openat64");
  Find(real.mkdirat, "mkdirat");
  Find(real.fchmod, "fchmod");
  Find(real.kill, "kill");
  Find(real.prctl, "prctl");
  Find(real.syscall, "syscall");
  Find(real.ftruncate, "ftruncate64");
  Find(real.posix_spawn, "posix_spawn");
  return real;
}

int OpenAt(int dir, const char* path, int flags, mode_t mode) {
  return calls.openat ? calls.openat(dir, path, flags, mode)
                      : Real().openat(dir, path, flags, mode);
}

mode_t ModeOf(int flags, va_list arguments) {
  const bool given = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return given ? va_arg(arguments, mode_t) : 0;
}

long LinesIn(const void* bytes, size_t size) {
  const auto* text = static_cast<const char*>(bytes);
  return std::count(text, text + size, '\n');
}

}  // namespace

const RealCalls& Real() {
  static const RealCalls real = FindAll();
  return real;
}

}  // namespace touchstone::inside

using touchstone::inside::calls;
using touchstone::inside::LinesIn;
using touchstone::inside::ModeOf;
using touchstone::inside::OpenAt;
using touchstone::inside::Real;

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  if (fd == STDOUT_FILENO && calls.answered) calls.answered(LinesIn(bytes, size));
  return calls.write ? calls.write(fd, bytes, size) : Real().write(fd, bytes, size);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real =
      reinterpret_cast<ssize_t (*)(int, const iovec*, int)>(::dlsym(RTLD_NEXT, "writev"));
  if (fd == STDOUT_FILENO && calls.answered) {
    long lines = 0;
    for (int i = 0; i < count; ++i) lines += LinesIn(parts[i].iov_base, parts[i].iov_len);
    calls.answered(lines);
  }
  return real(fd, parts, count);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  return calls.pwrite ? calls.pwrite(fd, bytes, size, at) : Real().pwrite(fd, bytes, size, at);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  return pwrite64(fd, bytes, size, at);
}

ssize_t recv(int fd, void* bytes, size_t size, int flags) {
  return calls.recv ? calls.recv(fd, bytes, size, flags) : Real().recv(fd, bytes, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
  if (calls.connecting) calls.connecting();
  return Real().connect(fd, address, size);
}

int openat64(int dir, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(dir, path, flags, mode);
}
int openat(int dir, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(dir, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}
int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}

int mkdirat(int dir, const char* path, mode_t mode) {
  return calls.mkdirat ? calls.mkdirat(dir, path, mode) : Real().mkdirat(dir, path, mode);
}
int mkdir(const char* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int fchmod(int fd, mode_t mode) {
  return calls.fchmod ? calls.fchmod(fd, mode) : Real().fchmod(fd, mode);
}

int kill(pid_t pid, int number) {
  return calls.kill ? calls.kill(pid, number) : Real().kill(pid, number);
}

int ftruncate64(int fd, off64_t size) {
  return calls.ftruncate ? calls.ftruncate(fd, size) : Real().ftruncate(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

long syscall(long number, ...) {
  va_list arguments;
  va_start(arguments, number);
  long a[6];
  for (long& argument : a) argument = va_arg(arguments, long);
  va_end(arguments);
  if (calls.syscall) return calls.syscall(number, a);
  return Real().syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const argv[], char* const envp[]) {
  char* const* environment = calls.spawning ? calls.spawning(envp) : envp;
  return Real().posix_spawn(pid, path, actions, attributes, argv, environment);
}

}  // extern "C"
