#include "conformance/run/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/contract/always_on.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

constexpr Mode S = Mode::kStream, O = Mode::kOneShot;

// A contract of four rows: MUST M1 in S and O, SHOULD M1, MUST M2, and one nobody judges.
class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    WriteFile(folder_.path() / "rows.json", R"({"areas":[],"requirements":[
      {"id":"CTRL-01","level":"MUST","milestone":"M1","modes":["S","O"],"text":"t","section":"1"},
      {"id":"CTRL-02","level":"SHOULD","milestone":"M1","modes":["S"],"text":"t","section":"1"},
      {"id":"CTRL-03","level":"MUST","milestone":"M2","modes":["S"],"text":"t","section":"1"},
      {"id":"CTRL-04","level":"MUST","milestone":"M1","modes":["S"],"text":"t","section":"1"},
      {"id":"FRAME-01","level":"MUST","milestone":"M1","modes":["S"],"text":"t","section":"1"}]})");
    catalogue_ = *Catalogue::Load(folder_.path() / "rows.json");
  }

  void Plan(const std::string& check, const std::string& id, Mode mode = S) {
    planned_.push_back({check, "case", {id}, mode, {}, false, false, {}});
  }
  void Result(Judgement judgement) {
    const Job& job = planned_[results_.size()];
    results_.push_back(
        {job.check, "case", job.requirements, job.mode, std::move(judgement), 1, {}});
  }
  void Broken(const std::string& id) { Result(Judgement::From({{id, "it is broken"}}, "")); }
  Ledger Count(const std::string& milestone = "M1", bool filtered = false) {
    return Account(catalogue_, planned_, results_, milestone, filtered);
  }
  static std::string VerdictOf(const Ledger& ledger, const std::string& id) {
    for (const auto& row : ledger.requirements) {
      if (row.requirement->id == id) return row.verdict;
    }
    return "no such row";
  }
  static bool Says(const std::vector<std::string>& list, const std::string& words) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& item) {
      return item.find(words) != std::string::npos;
    });
  }

  TestFolder folder_;
  Catalogue catalogue_;
  std::vector<Job> planned_;
  std::vector<CheckResult> results_;
};

TEST_F(LedgerTest, AllPass) {
  Plan("a", "CTRL-01");
  Plan("b", "CTRL-02");
  Result(Judgement::Pass());
  Result(Judgement::Pass());
  const auto ledger = Count();
  EXPECT_EQ(ledger.overall, Overall::kConformant);
  EXPECT_EQ(ledger.exit_status, 0);
  EXPECT_TRUE(ledger.blocking.empty());
  EXPECT_EQ(VerdictOf(ledger, "CTRL-01"), "pass");
  EXPECT_EQ(VerdictOf(ledger, "FRAME-01"), "pass");  // always on
  EXPECT_EQ(VerdictOf(ledger, "CTRL-04"), "uncovered");
  EXPECT_TRUE(Says(ledger.warnings, "CTRL-04"));
  EXPECT_FALSE(Says(Count("M1", true).warnings, "CTRL-04"));
}

TEST_F(LedgerTest, TellsTheVerdictInEachMode) {
  Plan("a", "CTRL-01", S);
  Plan("b", "CTRL-01", O);
  Plan("c", "CTRL-03", Mode::kNone);
  Broken("CTRL-01");
  Result(Judgement::Pass());
  Result(Judgement::Pass());
  std::map<std::string, std::map<Mode, std::string>> modes;
  for (const auto& row : Count().requirements) modes[row.requirement->id] = row.modes;
  EXPECT_EQ(modes["CTRL-01"], (std::map<Mode, std::string>{{S, "fail"}, {O, "pass"}}));
  EXPECT_EQ(modes["CTRL-02"], (std::map<Mode, std::string>{{S, "uncovered"}}));
  EXPECT_EQ(modes["CTRL-03"],
            (std::map<Mode, std::string>{{S, "uncovered"}, {Mode::kNone, "pass"}}));
  // Checked in each play of its mode: only the good one proves it.
  EXPECT_EQ(modes["FRAME-01"], (std::map<Mode, std::string>{{S, "inconclusive"}, {O, "pass"}}));
}

TEST_F(LedgerTest, AFlakyMustBlocksUnlessSoManyAreAllowed) {
  Plan("a", "CTRL-01");
  auto judgement = Judgement::From({{"CTRL-01", "it is broken"}}, "");
  judgement.verdict = Verdict::kFlaky;
  Result(judgement);
  results_.back().attempts = Attempts{1, 2, 0};
  const auto ledger = Count();
  EXPECT_EQ(ledger.exit_status, 1);
  EXPECT_EQ(ledger.summary.flaky, 1);
  EXPECT_EQ(VerdictOf(ledger, "CTRL-01"), "flaky");
  EXPECT_TRUE(Says(ledger.blocking, "CTRL-01 (MUST M1) is flaky: a [S]: it is broken"));
  EXPECT_TRUE(Says(ledger.blocking, "2 of 3 attempts failed"));
  Waiving one;
  one.flaky_allowed = 1;
  const auto allowed = Account(catalogue_, planned_, results_, "M1", false, one);
  EXPECT_EQ(allowed.exit_status, 0);
  EXPECT_EQ(VerdictOf(allowed, "CTRL-01"), "flaky");
  EXPECT_TRUE(Says(allowed.warnings, "is flaky"));
}

TEST_F(LedgerTest, WhatWasNotExecutedIsNamed) {
  Plan("a", "CTRL-01");
  Plan("b", "CTRL-02");
  Result(Judgement::Pass());
  const auto ledger = Count();
  EXPECT_EQ(ledger.exit_status, 3);
  EXPECT_TRUE(Says(ledger.blocking, "1 of 2 planned checks were not executed: b [S]"));
}

TEST_F(LedgerTest, ABrokenMustBlocks) {
  Plan("a", "CTRL-01");
  Plan("b", "CTRL-01");
  Result(Judgement::Pass());
  Broken("CTRL-01");
  const auto ledger = Count();
  EXPECT_EQ(ledger.overall, Overall::kNonconformant);
  EXPECT_EQ(ledger.exit_status, 1);
  EXPECT_EQ(VerdictOf(ledger, "CTRL-01"), "fail");  // whatever else passed
  EXPECT_TRUE(Says(ledger.blocking, "CTRL-01 (MUST M1) is broken: b [S]: it is broken"));
}

TEST_F(LedgerTest, TheAlwaysOnChecksBlameWhomTheySaw) {
  Plan("a", "CTRL-01");
  Broken("FRAME-01");
  const auto ledger = Count();
  EXPECT_EQ(VerdictOf(ledger, "FRAME-01"), "fail");
  EXPECT_EQ(VerdictOf(ledger, "CTRL-01"), "inconclusive");  // neither proven nor broken
  EXPECT_EQ(ledger.exit_status, 1);
}

TEST_F(LedgerTest, ShouldAndLaterMilestonesWarn) {
  Plan("ok", "CTRL-01");
  Plan("a", "CTRL-02");
  Plan("b", "CTRL-03");
  Result(Judgement::Pass());
  Broken("CTRL-02");
  Broken("CTRL-03");
  auto ledger = Count("M1");
  EXPECT_EQ(ledger.exit_status, 0);
  EXPECT_TRUE(Says(ledger.warnings, "CTRL-02") && Says(ledger.warnings, "CTRL-03"));
  ledger = Count("M2");
  EXPECT_EQ(ledger.exit_status, 1);
  EXPECT_TRUE(Says(ledger.blocking, "CTRL-03") && !Says(ledger.blocking, "CTRL-02"));
}

TEST_F(LedgerTest, PlannedAndNotExecuted) {
  Plan("a", "CTRL-01");
  Plan("b", "CTRL-01");
  Result(Judgement::Pass());
  const auto ledger = Count();
  EXPECT_EQ(ledger.overall, Overall::kError);
  EXPECT_EQ(ledger.exit_status, 3);
  EXPECT_TRUE(Says(ledger.blocking, "1 of 2 planned checks were not executed"));
}

TEST_F(LedgerTest, ARunOfNothingProvesNothing) {
  EXPECT_EQ(Count().exit_status, 3);
  EXPECT_TRUE(Says(Count().blocking, "nothing was planned"));
  Plan("a", "CTRL-01");
  Result(Judgement::Skip("not claimed"));
  EXPECT_EQ(Count().exit_status, 3);
  EXPECT_EQ(VerdictOf(Count(), "CTRL-01"), "skip");
  Plan("b", "CTRL-01");
  Result(Judgement::Inconclusive("lag"));
  EXPECT_EQ(Count().exit_status, 3);
  EXPECT_EQ(VerdictOf(Count(), "CTRL-01"), "inconclusive");
  EXPECT_TRUE(Says(Count().warnings, "could not be judged: CTRL-01"));
}

TEST_F(LedgerTest, ABugInTheHarnessBeatsEverything) {
  Plan("a", "CTRL-01");
  Plan("b", "CTRL-01");
  Plan("c", "CTRL-01");
  Broken("CTRL-01");
  Result(Judgement::HarnessBug("oops"));
  const auto ledger = Count();
  EXPECT_EQ(ledger.exit_status, 4);
  EXPECT_EQ(ledger.overall, Overall::kError);
}

TEST_F(LedgerTest, CountsEachVerdict) {
  for (int i = 0; i < 6; ++i) Plan("a" + std::to_string(i), "CTRL-01");
  Result(Judgement::Pass());
  Broken("CTRL-01");
  Result(Judgement::Skip(""));
  Result(Judgement::Inconclusive(""));
  Result(Judgement::HarnessBug(""));
  const auto s = Count().summary;
  EXPECT_EQ(s.planned, 6);
  EXPECT_EQ(s.executed, 5);
  EXPECT_EQ(std::vector({s.pass, s.fail, s.skip, s.inconclusive, s.harness_bug}),
            std::vector({1, 1, 1, 1, 1}));
}

TEST_F(LedgerTest, TellsTheModesThatNobodyJudges) {
  Plan("a", "CTRL-01", S);
  Result(Judgement::Pass());
  for (const auto& row : Count().requirements) {
    if (row.requirement->id != "CTRL-01") continue;
    EXPECT_EQ(row.uncovered_modes, std::vector<Mode>{O});
    return;
  }
  FAIL();
}

TEST(AlwaysOn, NamesRequirementsOfTheContract) {
  const auto catalogue =
      Catalogue::Load(TOUCHSTONE_SOURCE_DIR "/golden/contract/requirements.json");
  ASSERT_TRUE(catalogue) << catalogue.error();
  for (Mode mode : {S, O, Mode::kBridge}) {
    EXPECT_FALSE(AlwaysOn(mode).empty());
    for (auto id : AlwaysOn(mode)) EXPECT_NE(catalogue->Find(id), nullptr) << id;
  }
}

}  // namespace
}  // namespace touchstone::testing
