#include "conformance/process/proc_stats.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace touchstone {
namespace {

bool Holds(const std::vector<ProcInfo>& processes, pid_t pid) {
  return std::ranges::any_of(processes, [&](const ProcInfo& info) { return info.pid == pid; });
}

// Waits for a signal, and does nothing that a child of threads must not.
[[noreturn]] void StandStill() {
  while (true) ::pause();
}

void Reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST(DescendantsTest, AChildsChildIsOneToo) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) StandStill();
    ::setsid();
    if (::write(pipe[1], &grandchild, sizeof grandchild) < 0) ::_exit(1);
    StandStill();
  }
  pid_t grandchild = 0;
  ASSERT_EQ(::read(pipe[0], &grandchild, sizeof grandchild), ssize_t{sizeof grandchild});
  const auto mine = Descendants(::getpid());
  EXPECT_TRUE(Holds(mine, child));
  EXPECT_TRUE(Holds(mine, grandchild));
  const auto its = Descendants(child);
  ASSERT_EQ(its.size(), 1u);
  EXPECT_EQ(its[0].pid, grandchild);
  EXPECT_EQ(its[0].parent, child);
  ::kill(grandchild, SIGKILL);
  Reap(child);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(DescendantsTest, ChildrenOfEachThreadCountAndOfThreadsThatHaveEnded) {
  pid_t of_ended = 0;
  std::thread([&] {
    if ((of_ended = ::fork()) == 0) StandStill();
  }).join();
  std::thread([&] {
    const pid_t of_living = ::fork();
    if (of_living == 0) StandStill();
    const auto found = Descendants(::getpid());
    EXPECT_TRUE(Holds(found, of_living));
    EXPECT_TRUE(Holds(found, of_ended));
    Reap(of_living);
  }).join();
  Reap(of_ended);
  EXPECT_FALSE(Holds(Descendants(::getpid()), of_ended));
}

TEST(DescendantsTest, AZombieIsNone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(Holds(Descendants(::getpid()), child));
  Reap(child);
}

// Others come and go all the time while the judge looks for what one host has left.
TEST(DescendantsTest, OneThatStaysIsSeenWhileOthersComeAndGo) {
  const pid_t before = ::fork();
  if (before == 0) StandStill();
  std::jthread others([](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(0);
      ::waitpid(child, nullptr, 0);
    }
  });
  const pid_t stays = ::fork();
  if (stays == 0) StandStill();
  for (int i = 0; i < 500; ++i) {
    const auto found = Descendants(::getpid());
    ASSERT_TRUE(Holds(found, before)) << i;
    ASSERT_TRUE(Holds(found, stays)) << i;
  }
  others.request_stop();
  others.join();
  Reap(before);
  Reap(stays);
}

}  // namespace
}  // namespace touchstone
