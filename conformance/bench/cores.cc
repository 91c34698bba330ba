#include "conformance/bench/cores.h"

#include <cstdlib>
#include <filesystem>

namespace touchstone {
namespace {

// A thread may have ended since it was listed: that it cannot be moved is no loss.
void MoveAllThreads(const cpu_set_t& to) {
  std::error_code ec;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ec))
    ::sched_setaffinity(std::atoi(task.path().filename().c_str()), sizeof to, &to);
}

}  // namespace

Cores::Cores(bool pin) {
  if (!pin || ::sched_getaffinity(0, sizeof all_, &all_) != 0 || CPU_COUNT(&all_) < 2) return;
  programs_ = all_;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &all_)) continue;
    CPU_SET(core, &judge_);
    CPU_CLR(core, &programs_);
    break;
  }
  pinned_ = true;
  MoveAllThreads(judge_);
}

Cores::~Cores() {
  if (pinned_) MoveAllThreads(all_);
}

Cores::ForPrograms::ForPrograms(const Cores& cores) : cores_(cores) {
  if (cores_.pinned_) ::sched_setaffinity(0, sizeof cores_.programs_, &cores_.programs_);
}

Cores::ForPrograms::~ForPrograms() {
  if (cores_.pinned_) ::sched_setaffinity(0, sizeof cores_.judge_, &cores_.judge_);
}

}  // namespace touchstone
