// A library that is preloaded into a host and breaks the host's own system calls.
//
// TOUCHSTONE_INSIDE=NAME or NAME=ARGUMENT chooses a defect. Before main() that variable and
// LD_PRELOAD are taken out of the environment, so that tools do not inherit them. Works with any
// host that is dynamically linked to libc; needs libc alone.
//
// A defect is a row of kBreakages: a function that is called once, before main(), and puts its own
// functions into `calls`. These run on any thread of the host, in children between fork and exec,
// too: they take no locks and mostly allocate nothing.
#pragma once

#include <spawn.h>
#include <sys/socket.h>
#include <sys/types.h>

namespace touchstone::inside {

// The system's own, whatever is broken.
struct RealCalls {
  ssize_t (*write)(int, const void*, size_t);
  ssize_t (*pwrite)(int, const void*, size_t, off_t);
  ssize_t (*recv)(int, void*, size_t, int);
  int (*connect)(int, const sockaddr*, socklen_t);
  int (*openat)(int, const char*, int, ...);
  int (*mkdirat)(int, const char*, mode_t);
  int (*fchmod)(int, mode_t);
  int (*kill)(pid_t, int);
  int (*prctl)(int, ...);
  long (*syscall)(long, ...);
  int (*ftruncate)(int, off_t);
  int (*posix_spawn)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                     const posix_spawnattr_t*, char* const[], char* const[]);
};
const RealCalls& Real();

// What the host's calls are turned into; null: the system's own. Variants of a call (open64,
// writev, mkdir, …) come here as the one that says most.
struct BrokenCalls {
  ssize_t (*write)(int, const void*, size_t) = nullptr;  // after it: see `answered`
  ssize_t (*pwrite)(int, const void*, size_t, off_t) = nullptr;
  ssize_t (*recv)(int, void*, size_t, int) = nullptr;
  void (*connecting)() = nullptr;          // before each connection, mostly a provider call
  void (*answered)(long lines) = nullptr;  // before each write to stdout
  int (*openat)(int, const char*, int, mode_t) = nullptr;
  int (*mkdirat)(int, const char*, mode_t) = nullptr;
  int (*fchmod)(int, mode_t) = nullptr;
  int (*kill)(pid_t, int) = nullptr;
  long (*syscall)(long, long[6]) = nullptr;
  int (*ftruncate)(int, off_t) = nullptr;
  // May give the child another environment.
  char* const* (*spawning)(char* const*) = nullptr;
};
extern BrokenCalls calls;

struct Breakage {
  const char* name;
  void (*start)(const char* argument);  // "" without one
};
extern const Breakage kLeaks[], kFiles[], kTools[];  // each ends with a null name

// The provider's key, and what preloaded this library; "" when unset. Kept from before main().
const char* Key();
const char* Preloaded();

}  // namespace touchstone::inside
