#include "conformance/process/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

sigset_t Watched() {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
  return set;
}

void KillHosts() {
  for (const auto& info : Descendants(::getpid())) ::kill(info.pid, SIGKILL);
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t watched = Watched();
  ::pthread_sigmask(SIG_BLOCK, &watched, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this](std::stop_token ended) { Watch(ended); });
}

Interrupt::~Interrupt() = default;

void Interrupt::Watch(std::stop_token ended) {
  ::pthread_setname_np(::pthread_self(), "judge-signals");
  const sigset_t watched = Watched();
  int seen = 0;
  while (!ended.stop_requested()) {
    const timespec pause{0, 100'000'000};
    if (::sigtimedwait(&watched, nullptr, &pause) < 0) {
      // Plays that had not noticed yet may have started another host.
      if (seen > 0 && !spare_hosts_) KillHosts();
      continue;
    }
    if (++seen > 1) ::_exit(130);
    ::fputs("\ntouchstone: stopping (again to stop at once)\n", stderr);
    source_.request_stop();
    if (!spare_hosts_) KillHosts();
  }
}

}  // namespace touchstone
