// What grows with every answer: memory, descriptors, threads, children, time.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "fault-injection/defective-hosts/inside/inside.h"

namespace touchstone::inside {
namespace {

long amount = 1;
std::atomic<long> answers{0};

void Read(const char* argument, long otherwise) {
  amount = argument[0] ? ::atol(argument) : otherwise;
}

// A compiler may leave out what nobody can see.
void Grow(size_t size) {
  [[maybe_unused]] static void* volatile last;
  void* memory = ::malloc(size);
  if (memory) ::memset(memory, 1, size);
  last = memory;
}

bool EachSo() { return ++answers % amount == 0; }

void LeakMemory(const char* kib_each) {
  Read(kib_each, 64);
  calls.answered = [](long) { Grow(static_cast<size_t>(amount) * 1024); };
}

void LeakDescriptors(const char* one_in) {
  Read(one_in, 1);
  calls.answered = [](long) {
    if (EachSo()) (void)Real().openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
  };
}

void* Sleep(void*) {
  while (true) ::pause();
}

void LeakThreads(const char* one_in) {
  Read(one_in, 5);
  calls.answered = [](long) {
    pthread_t thread;
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, 64 << 10);
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    if (EachSo() && ::pthread_create(&thread, &attributes, Sleep, nullptr) == 0)
      ::pthread_detach(thread);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_attr_destroy(&attributes);
  };
}

void LeakChildren(const char* one_in) {
  Read(one_in, 20);
  calls.answered = [](long) {
    if (!EachSo() || ::fork() != 0) return;
    Real().prctl(PR_SET_PDEATHSIG, SIGKILL);
    Real().syscall(SYS_close_range, 0u, ~0u, 0u);
    Sleep(nullptr);
  };
}

void SlowDown(const char* microseconds_each) {
  Read(microseconds_each, 30);
  calls.answered = [](long lines) {
    const long total = (answers += lines) * amount;
    const timespec time{total / 1'000'000, total % 1'000'000 * 1000};
    ::nanosleep(&time, nullptr);
  };
}

// Each byte that a peer sends is kept several times over until the end.
void HoardInput(const char* times) {
  Read(times, 12);
  calls.recv = [](int fd, void* bytes, size_t size, int flags) {
    const ssize_t n = Real().recv(fd, bytes, size, flags);
    if (n > 0) Grow(static_cast<size_t>(n) * static_cast<size_t>(amount));
    return n;
  };
}

}  // namespace

const Breakage kLeaks[] = {{"leak-memory", LeakMemory},
                           {"leak-descriptors", LeakDescriptors},
                           {"leak-threads", LeakThreads},
                           {"leak-children", LeakChildren},
                           {"slow-down", SlowDown},
                           {"hoard-input", HoardInput},
                           {nullptr, nullptr}};

}  // namespace touchstone::inside
