#include "conformance/policy/evaluate.h"

#include <gtest/gtest.h>

#include "conformance/policy/synthetic.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using policy::Policy;

constexpr const char* kSoak = R"("soak":[{"name":"s","duration":"10m","reference":true}])";

class EvaluateTest : public ::testing::Test {
 protected:
  // The members of `suites` besides run, and of the policy.
  Policy Make(const std::string& suites, const std::string& more = "", const char* run = "{}") {
    WriteFile(folder_.path() / "p.json",
              std::string(R"({"name":"p","milestone":"M1","suites":{"run":)") + run +
                  (suites.empty() ? "" : ",") + suites + "}" + (more.empty() ? "" : ",\n") + more +
                  "}");
    auto loaded = policy::Load(folder_.path() / "p.json");
    EXPECT_TRUE(loaded) << loaded.error();
    return loaded ? *loaded : Policy{};
  }
  static Report Plain(std::vector<CheckResult> more = {}) {
    more.insert(more.begin(), Result("a", Verdict::kPass));
    return ReportOf(std::move(more));
  }
  static soak::Summary Soaked(double p99, double reference_p99, double rss_mib) {
    soak::Summary summary;
    summary.name = "s";
    summary.host.latency.p99_ms = p99;
    summary.reference.emplace();
    summary.reference->latency.p99_ms = reference_p99;
    soak::Sample sample;
    sample.rss_bytes = static_cast<std::int64_t>(rss_mib * 1024 * 1024);
    summary.host.samples = {sample};
    return summary;
  }
  static void ExpectOne(const policy::Evaluation& evaluation, const std::string& words) {
    ASSERT_EQ(evaluation.reasons.size(), 1u);
    EXPECT_NE(evaluation.reasons[0].find(words), std::string::npos) << evaluation.reasons[0];
    EXPECT_NE(evaluation.reasons[0].find("(p.json:"), std::string::npos) << evaluation.reasons[0];
  }
  TestFolder folder_;
};

TEST_F(EvaluateTest, WhatRanAndIsWithinItsLimitsDoesNotBlock) {
  auto report = Plain({SuiteResult("gate/soak/s", Verdict::kPass)});
  report.soaks = {Soaked(10, 8, 50)};
  const auto p = Make(kSoak, R"("limits":{"latency":{"p99_ms":20,"p99_ratio_to_reference":2},
                                "memory":{"peak_rss_mib":64},"inconclusive":{"at_most":0}})");
  EXPECT_TRUE(policy::Evaluate(p, report, false).reasons.empty());
}

TEST_F(EvaluateTest, ASuiteWithoutALineInTheLedgerIsAnError) {
  const std::pair<const char*, const char*> suites[] = {
      {R"("requests":1000)", "load/thousand-requests [S]"},
      {R"("requests":7)", "gate/requests-7 [S]"},
      {R"("fuzz":{"cases":5,"modes":["O"]})", "gate/fuzz [O]"},
      {R"("model":{"programs":5})", "gate/model [S]"},
      {R"("selftest":"fast")", "gate/selftest [-]"},
      {kSoak, "gate/soak/s [S]"},
      {R"("benchmarks":{})", "gate/benchmarks [-]"},
  };
  for (const auto& [suite, name] : suites) {
    const auto evaluation = policy::Evaluate(Make(suite), Plain(), false);
    ASSERT_FALSE(evaluation.reasons.empty()) << suite;
    EXPECT_TRUE(evaluation.could_not_run) << suite;
    EXPECT_TRUE(evaluation.reasons[0].starts_with(
        std::string(name) + " was asked for and did not run: it has no line in the ledger"))
        << evaluation.reasons[0];
    EXPECT_TRUE(policy::Evaluate(Make(suite), Plain(), true).reasons.empty())
        << "another shard may have it";
  }
}

TEST_F(EvaluateTest, ASuiteThatWasSkippedOrCameToNoVerdictDidNotRun) {
  for (Verdict verdict : {Verdict::kSkip, Verdict::kInconclusive}) {
    const auto report = Plain({SuiteResult("gate/model", verdict, "the machine was gone")});
    const auto evaluation = policy::Evaluate(Make(R"("model":{"programs":5})"), report, false);
    ExpectOne(evaluation, "did not run: the machine was gone");
    EXPECT_TRUE(evaluation.could_not_run);
  }
}

TEST_F(EvaluateTest, ARunOfNoCaseIsAnError) {
  const auto report = ReportOf({SuiteResult("gate/model", Verdict::kPass)});
  ExpectOne(policy::Evaluate(Make(R"("model":{"programs":5})"), report, false),
            "run was asked for and did not run");
}

TEST_F(EvaluateTest, ASoakThatIsNotJudgedBlocksUnlessItGoesOnLater) {
  auto report =
      Plain({SuiteResult("gate/soak/s", Verdict::kInconclusive, "5 h of 24 h", Mode::kStream)});
  report.soaks = {Soaked(1, 1, 1)};
  const auto whole = policy::Evaluate(Make(kSoak), report, false);
  ExpectOne(whole, "gate/soak/s [S] is not judged: 5 h of 24 h");
  EXPECT_FALSE(whole.could_not_run);
  const auto segments = policy::Evaluate(
      Make(R"("soak":[{"name":"s","duration":"24h","checkpoint":"c","segment":"5h"}])"), report,
      false);
  EXPECT_TRUE(segments.reasons.empty());
  ASSERT_EQ(segments.warnings.size(), 1u);
}

TEST_F(EvaluateTest, ASlowHostBlocks) {
  auto report = Plain({SuiteResult("gate/soak/s", Verdict::kPass)});
  report.soaks = {Soaked(90, 10, 50)};
  ExpectOne(policy::Evaluate(Make(kSoak, R"("limits":{"latency":{"p99_ms":80}})"), report, false),
            "soak s: p99 is 90.0 ms, at most 80 ms may be");
  const auto ratio = Make(kSoak, R"("limits":{"latency":{"p99_ratio_to_reference":3}})");
  ExpectOne(policy::Evaluate(ratio, report, false), "9.00 times the reference's");
  report.soaks[0].reference.reset();
  const auto blind = policy::Evaluate(ratio, report, false);
  ExpectOne(blind, "the reference beside it was not measured");
  EXPECT_TRUE(blind.could_not_run);
}

TEST_F(EvaluateTest, ALargeHostBlocks) {
  auto report = Plain({SuiteResult("gate/soak/s", Verdict::kPass)});
  report.soaks = {Soaked(1, 1, 50)};
  const auto p = Make(kSoak, R"("limits":{"memory":{"peak_rss_mib":49}})");
  ExpectOne(policy::Evaluate(p, report, false), "the peak of RSS is 50.0 MiB, at most 49 MiB");
  report.soaks[0].host.samples.clear();
  EXPECT_TRUE(policy::Evaluate(p, report, false).could_not_run) << "nothing was measured";
}

TEST_F(EvaluateTest, ABenchmarkThatIsNotAsWantedBlocks) {
  auto report = Plain({SuiteResult("gate/benchmarks", Verdict::kPass, "", Mode::kNone)});
  Benchmark benchmark;
  benchmark.name = "ping";
  benchmark.unit = "ratio";
  benchmark.samples = {3, 3.5, 4};
  benchmark.wanted = 2;
  report.benchmarks = {benchmark};
  ExpectOne(policy::Evaluate(Make(R"("benchmarks":{})"), report, false),
            "benchmark ping: the median is 3.5 ratio, wanted at most 2");
  report.benchmarks[0].wanted = 4;
  EXPECT_TRUE(policy::Evaluate(Make(R"("benchmarks":{})"), report, false).reasons.empty());
}

TEST_F(EvaluateTest, TooManyInconclusiveResultsBlock) {
  const auto report = Plain({Result("b", Verdict::kInconclusive), Result("c", Verdict::kPass)});
  const auto with = [&](const char* limit) {
    return policy::Evaluate(Make("", std::string(R"("limits":{"inconclusive":)") + limit + "}"),
                            report, false);
  };
  EXPECT_TRUE(with(R"({"at_most":1})").reasons.empty());
  EXPECT_TRUE(with(R"({"at_most_percent":34})").reasons.empty());
  ExpectOne(with(R"({"at_most":0})"), "1 results are inconclusive, at most 0 may be");
  ExpectOne(with(R"({"at_most_percent":33})"), "33.33 % of the results are inconclusive (1 of 3)");
}

TEST_F(EvaluateTest, FlakyChecksBlockBeyondWhatIsAllowed) {
  const auto report = Plain({Result("b", Verdict::kFlaky)});
  const auto with = [&](const char* flaky) {
    return policy::Evaluate(
        Make("", std::string(R"("limits":{"flaky":)") + flaky + "}", R"({"repeat":3})"), report,
        false);
  };
  EXPECT_TRUE(with("1").reasons.empty());
  ExpectOne(with("0"), "1 checks are flaky, at most 0 may be");
}

TEST_F(EvaluateTest, TheBaselineBlocksOnWhatRegressedAndWhatVanished) {
  const auto before = ReportOf(
      {Result("a", Verdict::kPass), Result("b", Verdict::kPass), Result("c", Verdict::kPass)});
  auto after = ReportOf({Result("a", Verdict::kPass), Result("b", Verdict::kFail, "shaky")});
  auto p = Make("", R"("baseline":{"report":"last.json","may_vanish":["x*"]})");
  policy::Judge(p, &before, after);
  ASSERT_EQ(after.ledger.blocking.size(), 2u);
  EXPECT_EQ(after.ledger.blocking[0],
            "b [S] is fail, and was pass in last.json: shaky (p.json:2 baseline)");
  EXPECT_EQ(after.ledger.blocking[1],
            "check c [S] vanished: it was pass in last.json (p.json:2 baseline)");
  EXPECT_EQ(after.ledger.exit_status, 1);
  EXPECT_EQ(after.ledger.overall, Overall::kNonconformant);
  ASSERT_TRUE(after.baseline);
  EXPECT_EQ(after.baseline->vanished.size(), 1u);

  auto excused = ReportOf({Result("a", Verdict::kPass), Result("b", Verdict::kPass)});
  p.baseline->may_vanish = {"c *"};
  policy::Judge(p, &before, excused);
  EXPECT_TRUE(excused.ledger.blocking.empty());
  EXPECT_EQ(excused.ledger.exit_status, 0);
}

TEST_F(EvaluateTest, ReasonsOfTheLedgerNameTheMilestonesLine) {
  auto report = Plain();
  report.ledger.blocking = {"CTRL-01 (MUST M1) is broken: a"};
  report.ledger.overall = Overall::kNonconformant;
  report.ledger.exit_status = 1;
  policy::Judge(Make(""), nullptr, report);
  EXPECT_EQ(report.ledger.blocking[0], "CTRL-01 (MUST M1) is broken: a (p.json:1 milestone)");
  EXPECT_EQ(report.ledger.exit_status, 1);
}

TEST_F(EvaluateTest, WhatCouldNotRunIsNoVerdictOnAHostThatPassed) {
  auto passed = Plain();
  policy::Judge(Make(R"("selftest":"fast")"), nullptr, passed);
  EXPECT_EQ(passed.ledger.exit_status, 3);
  EXPECT_EQ(passed.ledger.overall, Overall::kError);
  auto bug = Plain();
  bug.ledger.overall = Overall::kError;
  bug.ledger.exit_status = 4;
  policy::Judge(Make(R"("selftest":"fast")"), nullptr, bug);
  EXPECT_EQ(bug.ledger.exit_status, 4);
}

}  // namespace
}  // namespace touchstone::testing
