#include "conformance/gate/verdicts.h"

#include <gtest/gtest.h>

namespace touchstone::gate {
namespace {

TEST(LoadVerdict, CountsWhatWasAnsweredRight) {
  LoadResult load;
  load.sent = 10;
  load.as_expected = 10;
  EXPECT_EQ(JudgeLoad(load).verdict, Verdict::kPass);
  EXPECT_EQ(JudgeLoad(load).counted, (Counted{"requests", 10, 10}));
  load.as_expected = 9;
  load.violations = {{"LOAD-01", "one was not answered"}};
  EXPECT_EQ(JudgeLoad(load).verdict, Verdict::kFail);
  EXPECT_EQ(JudgeLoad(load).counted, (Counted{"requests", 10, 9}));
  load.interrupted = true;
  EXPECT_EQ(JudgeLoad(load).verdict, Verdict::kInconclusive);
}

TEST(SearchVerdict, AFindingFailsAndAnInterruptedSearchIsNoPass) {
  fuzz::CampaignResult result;
  result.inputs = 100;
  EXPECT_EQ(JudgeSearch(result).verdict, Verdict::kPass);
  EXPECT_EQ(JudgeSearch(result).counted, (Counted{"inputs", 100, 100}));
  fuzz::Finding finding;
  finding.minimal.inputs = {"{\n"};
  finding.minimal.violation = {"FRAME-06", "no answer"};
  result.findings = {finding};
  result.repeated = 4;
  const auto found = JudgeSearch(result);
  EXPECT_EQ(found.verdict, Verdict::kFail);
  EXPECT_EQ(found.violations[0].requirement, "FRAME-06");
  EXPECT_NE(found.message.find("touchstone fuzz --modes S --replay"), std::string::npos);
  EXPECT_EQ(found.counted, (Counted{"inputs", 100, 95}));
  result.interrupted = true;
  EXPECT_EQ(JudgeSearch(result).verdict, Verdict::kInconclusive);
}

TEST(SearchVerdict, NothingSentIsAFailure) { EXPECT_EQ(JudgeSearch({}).verdict, Verdict::kFail); }

TEST(HuntVerdict, FewerProgramsThanAskedAreNoPass) {
  model::Hunted hunted;
  hunted.programs = 5;
  EXPECT_EQ(JudgeHunt(hunted, 5).verdict, Verdict::kPass);
  EXPECT_EQ(JudgeHunt(hunted, 6).verdict, Verdict::kInconclusive);
  model::Find find;
  find.played.violations = {{"CTRL-02", "late"}};
  hunted.find = find;
  EXPECT_EQ(JudgeHunt(hunted, 6).verdict, Verdict::kFail);
  EXPECT_EQ(JudgeHunt(hunted, 6).counted, (Counted{"programs", 5, 4}));
  hunted.not_played = "no host";
  EXPECT_EQ(JudgeHunt(hunted, 6).verdict, Verdict::kInconclusive);
}

TEST(SelftestVerdict, AJudgeThatDoesNotBiteIsABugInTheHarness) {
  static const defective::Defect defect{};
  KillMatrix matrix;
  Trial trial;
  trial.defect = &defect;
  trial.fate = Fate::kRight;
  matrix.trials = {trial};
  EXPECT_EQ(JudgeSelftest(matrix).verdict, Verdict::kPass);
  matrix.trials[0].fate = Fate::kSurvived;
  const auto judgement = JudgeSelftest(matrix);
  EXPECT_EQ(judgement.verdict, Verdict::kHarnessBug);
  EXPECT_NE(judgement.message.find("1 survived"), std::string::npos) << judgement.message;
  EXPECT_EQ(JudgeSelftest({}).verdict, Verdict::kHarnessBug) << "nothing was proven";
  matrix.interrupted = true;
  EXPECT_EQ(JudgeSelftest(matrix).verdict, Verdict::kInconclusive);
}

soak::Summary Soaked(const std::string& verdict) {
  soak::Summary summary;
  summary.verdict = verdict;
  summary.reason = "the reason";
  summary.host.intended = 100;
  summary.host.answered = 100;
  return summary;
}

TEST(SoakVerdict, PassesOnlyWhatWasJudged) {
  EXPECT_EQ(JudgeSoak(Soaked("pass")).verdict, Verdict::kPass);
  EXPECT_EQ(JudgeSoak(Soaked("pass")).counted, (Counted{"requests", 100, 100}));
  const auto unknown = JudgeSoak(Soaked("not judged"));
  EXPECT_EQ(unknown.verdict, Verdict::kInconclusive);
  EXPECT_EQ(unknown.message, "the reason");
  EXPECT_EQ(JudgeSoak(Soaked("")).verdict, Verdict::kInconclusive);
}

// Trends cannot be judged by it, and are not asked for (LOAD-02, LOAD-04: suite_jobs.cc).
TEST(SoakVerdict, ANumberOfRequestsThatWereAllAnsweredIsAPass) {
  auto summary = Soaked("not judged");
  summary.asked_requests = 100;
  EXPECT_EQ(JudgeSoak(summary).verdict, Verdict::kInconclusive) << "it did not come to its end";
  summary.segments = {{0, 0, 5, "complete"}};
  EXPECT_EQ(JudgeSoak(summary).verdict, Verdict::kPass);
  summary.asked_s = 60;
  EXPECT_EQ(JudgeSoak(summary).verdict, Verdict::kInconclusive);
}

TEST(SoakVerdict, WhatRisesAndWhatFailedAreViolations) {
  auto summary = Soaked("fail");
  soak::TrendRow row;
  row.requirement = "LOAD-02";
  row.what = "RSS";
  row.unit = "KiB";
  row.verdict = soak::TrendVerdict::kRises;
  row.slope_per_hour = 500;
  summary.host.trends = {row};
  summary.host.failures = {{3, "LOAD-01", "two answers"}};
  summary.host.unexpected = 1;
  const auto judgement = JudgeSoak(summary);
  EXPECT_EQ(judgement.verdict, Verdict::kFail);
  ASSERT_EQ(judgement.violations.size(), 2u);
  EXPECT_EQ(judgement.violations[0].requirement, "LOAD-01");
  EXPECT_EQ(judgement.violations[1].requirement, "LOAD-02");
  EXPECT_EQ(judgement.counted, (Counted{"requests", 100, 99}));
  EXPECT_EQ(JudgeSoak(Soaked("fail")).verdict, Verdict::kFail) << "also without a row that says so";
}

}  // namespace
}  // namespace touchstone::gate
