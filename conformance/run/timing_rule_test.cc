#include "conformance/run/timing_rule.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

Judgement LateJudgement() { return Judgement::From({{"TIME-01", "too late"}}, "transcript"); }

Trial OnTime() { return {}; }
Trial Late() { return {false, false, LateJudgement()}; }

// Whatever the script says; the machine may lag meanwhile, and such trials are played again.
struct Script {
  std::vector<bool> on_time;
  std::size_t played = 0;
  Trial operator()() { return on_time[played++ % on_time.size()] ? OnTime() : Late(); }
};

// True when the machine itself made the outcome inconclusive.
bool Lagged(const LagGauge& lag, LagGauge::TimePoint from, const Judgement& judgement) {
  return judgement.verdict == Verdict::kInconclusive &&
         lag.WorstSince(from) > std::chrono::milliseconds(10);
}

TEST(TimingRule, FourOnTimePass) {
  const LagGauge lag;
  const auto from = std::chrono::steady_clock::now();
  int played = 0;
  const auto judgement = JudgeByTimingRule(lag, [&] { return ++played, OnTime(); });
  EXPECT_TRUE(judgement.verdict == Verdict::kPass || Lagged(lag, from, judgement));
  EXPECT_GE(played, 4);
}

TEST(TimingRule, OneLateOfFivePassesAndTwoFail) {
  const LagGauge lag;
  const auto from = std::chrono::steady_clock::now();
  Script always_late{{false}};
  const auto failed = JudgeByTimingRule(lag, std::ref(always_late));
  if (Lagged(lag, from, failed)) GTEST_SKIP() << "the machine lags";
  EXPECT_EQ(failed.verdict, Verdict::kFail);
  EXPECT_EQ(failed.violations.at(0).requirement, "TIME-01");
  EXPECT_NE(failed.message.find("2 of 2 valid trials missed the bound"), std::string::npos);
  if (lag.WorstSince(from) > std::chrono::milliseconds(10)) GTEST_SKIP() << "the machine lags";
  Script once{{true, false, true, true, true}}, twice{{true, false, true, true, false}};
  const auto passed = JudgeByTimingRule(lag, std::ref(once));
  const auto missed = JudgeByTimingRule(lag, std::ref(twice));
  if (lag.WorstSince(from) > std::chrono::milliseconds(10)) GTEST_SKIP() << "the machine lags";
  EXPECT_EQ(passed.verdict, Verdict::kPass);
  EXPECT_EQ(once.played, 5u);
  EXPECT_EQ(missed.verdict, Verdict::kFail);
}

TEST(TimingRule, WhatIsNotAboutTimeNeedsNoSecondTrial) {
  const LagGauge lag;
  int played = 0;
  const auto judgement = JudgeByTimingRule(lag, [&] {
    ++played;
    return Trial{false, true, Judgement::From({{"FRAME-01", "a log line"}}, "")};
  });
  EXPECT_EQ(played, 1);
  EXPECT_EQ(judgement.verdict, Verdict::kFail);
  EXPECT_EQ(judgement.violations.at(0).requirement, "FRAME-01");
}

// Stops this whole process for a while, as a hypervisor would.
void Stall() {
  const pid_t self = ::getpid();
  const pid_t waker = ::fork();
  if (waker == 0) {
    // Continues it again and again: the stop may come after the first.
    for (int i = 0; i < 20; ++i) {
      ::usleep(30'000);
      ::kill(self, SIGCONT);
    }
    ::_exit(0);
  }
  ::kill(self, SIGSTOP);
  ::kill(waker, SIGKILL);
  ::waitpid(waker, nullptr, 0);
}

// Stalls until the gauge sees it: its thread may not have begun yet.
void StallUntilSeen(const LagGauge& lag) {
  const auto from = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000 && lag.WorstSince(from) <= std::chrono::milliseconds(10); ++i) Stall();
}

TEST(TimingRule, AMachineThatLagsIsInconclusive) {
  const LagGauge lag;
  StallUntilSeen(lag);
  int played = 0;
  const auto judgement = JudgeByTimingRule(lag, [&] {
    ++played;
    Stall();
    return Late();
  });
  EXPECT_EQ(judgement.verdict, Verdict::kInconclusive);
  EXPECT_EQ(played, 12);
  EXPECT_NE(judgement.message.find("lagged by more than 10 ms in 12 of 12 trials"),
            std::string::npos)
      << judgement.message;
}

TEST(LagGauge, SeesAStallAndForgetsNone) {
  const LagGauge lag;
  const auto from = std::chrono::steady_clock::now();
  StallUntilSeen(lag);
  EXPECT_GT(lag.WorstSince(from), std::chrono::milliseconds(10));
  // Once the gauge has napped again it is still known.
  const auto napped = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  std::this_thread::sleep_until(napped);
  EXPECT_GT(lag.WorstSince(from), std::chrono::milliseconds(10));
}

}  // namespace
}  // namespace touchstone::testing
