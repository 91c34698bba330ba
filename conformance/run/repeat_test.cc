#include "conformance/run/repeat.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

Judgement Broken(const std::string& message) {
  return Judgement::From({{"CTRL-01", message}}, "transcript of " + message);
}

CheckResult Play(std::vector<Judgement> script, int times, int* played = nullptr) {
  int at = 0;
  auto result = PlayRepeatedly(
      [&] {
        CheckResult one{"a", "case", {"CTRL-01"}, Mode::kStream, script.at(at++), 2, {}};
        return one;
      },
      times, {});
  EXPECT_TRUE(result);
  if (played) *played = at;
  return result.value_or(CheckResult{});
}

TEST(Repeat, AllPassedIsAPass) {
  const auto result = Play({Judgement::Pass(), Judgement::Pass(), Judgement::Pass()}, 3);
  EXPECT_EQ(result.judgement.verdict, Verdict::kPass);
  EXPECT_EQ(result.attempts, (Attempts{3, 0, 0}));
  EXPECT_EQ(result.duration_ms, 6);
}

TEST(Repeat, AllFailedIsAFailureWithTheFirstOnesStory) {
  const auto result = Play({Broken("one"), Broken("two")}, 2);
  EXPECT_EQ(result.judgement.verdict, Verdict::kFail);
  EXPECT_EQ(result.judgement.message, "CTRL-01: one");
  EXPECT_EQ(result.judgement.transcript, "transcript of one");
  EXPECT_EQ(result.attempts, (Attempts{0, 2, 0}));
}

TEST(Repeat, SomeOfEachIsFlakyAndKeepsTheFailure) {
  const auto result = Play({Judgement::Pass(), Broken("one"), Judgement::Pass()}, 3);
  EXPECT_EQ(result.judgement.verdict, Verdict::kFlaky);
  EXPECT_EQ(result.judgement.message, "flaky: 1 of 3 attempts failed; CTRL-01: one");
  ASSERT_EQ(result.judgement.violations.size(), 1u);
  EXPECT_EQ(result.judgement.transcript, "transcript of one");
}

TEST(Repeat, WhatIsInconclusiveSaysNothingBesideAVerdict) {
  const auto lag = Judgement::Inconclusive("lag");
  EXPECT_EQ(Play({lag, Judgement::Pass()}, 2).judgement.verdict, Verdict::kPass);
  EXPECT_EQ(Play({Judgement::Pass(), lag}, 2).attempts, (Attempts{1, 0, 1}));
  EXPECT_EQ(Play({lag, Broken("x")}, 2).judgement.verdict, Verdict::kFail);
  EXPECT_EQ(Play({lag, lag}, 2).judgement.verdict, Verdict::kInconclusive);
}

TEST(Repeat, ASkipAndABugOfTheHarnessAreDecidedAtOnce) {
  int played = 0;
  const auto skipped = Play({Judgement::Skip("not claimed"), Judgement::Pass()}, 2, &played);
  EXPECT_EQ(skipped.judgement.verdict, Verdict::kSkip);
  EXPECT_EQ(played, 1);
  EXPECT_FALSE(skipped.attempts);
  const auto bug =
      Play({Judgement::Pass(), Judgement::HarnessBug("x"), Judgement::Pass()}, 3, &played);
  EXPECT_EQ(bug.judgement.verdict, Verdict::kHarnessBug);
  EXPECT_EQ(played, 2);
}

TEST(Repeat, OnceIsNoAttempt) { EXPECT_FALSE(Play({Judgement::Pass()}, 1).attempts); }

TEST(Repeat, WhatWasNotRepeatedOftenEnoughHasNoResult) {
  std::stop_source stop;
  const auto play = [&] {
    stop.request_stop();
    return CheckResult{"a", "case", {}, Mode::kStream, Judgement::Pass(), 1, {}};
  };
  EXPECT_FALSE(PlayRepeatedly(play, 2, stop.get_token()));
}

}  // namespace
}  // namespace touchstone
