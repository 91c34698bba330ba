#include "conformance/gate/suite_jobs.h"

#include <gtest/gtest.h>

#include "conformance/gate/verdicts.h"
#include "conformance/policy/evaluate.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using gate::Drivers;
using gate::Yield;

class SuiteJobsTest : public ::testing::Test {
 protected:
  policy::Policy Make(const std::string& suites) {
    WriteFile(folder_.path() / "p.json",
              R"({"name":"p","milestone":"M1","suites":{"run":{},)" + suites + "}}");
    auto loaded = policy::Load(folder_.path() / "p.json");
    EXPECT_TRUE(loaded) << loaded.error();
    return loaded ? *loaded : policy::Policy{};
  }
  std::vector<Job> Jobs(const std::string& suites, const Drivers& drivers = {}) {
    return gate::SuiteJobs(Make(suites), drivers, yield_);
  }
  TestFolder folder_;
  std::shared_ptr<Yield> yield_ = std::make_shared<Yield>();
  Bench bench_;
};

constexpr const char* kAll =
    R"("requests":7,"fuzz":{"cases":5},"model":{"programs":3},"selftest":"all",
       "soak":[{"name":"s","requests":9}],"benchmarks":{})";

// What the policy will look for in the ledger is what is planned.
TEST_F(SuiteJobsTest, EachSuiteOfThePolicyIsPlanned) {
  const auto policy = Make(kAll);
  const auto jobs = Jobs(kAll);
  const auto suites = policy::SuiteChecks(policy);
  ASSERT_EQ(jobs.size(), suites.size());
  ASSERT_EQ(jobs.size(), 10u);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(jobs[i].check, suites[i].check);
    EXPECT_EQ(jobs[i].mode, suites[i].mode);
    EXPECT_EQ(jobs[i].kind, "suite");
    EXPECT_TRUE(jobs[i].serial);
    EXPECT_FALSE(jobs[i].repeatable);
  }
}

TEST_F(SuiteJobsTest, TheThousandRequestsOfAFullRunAreNotPlayedTwice) {
  EXPECT_TRUE(Jobs(R"("requests":1000)").empty());
  EXPECT_EQ(Jobs(R"("requests":1001)").size(), 3u);
}

TEST_F(SuiteJobsTest, ASuiteWithoutADriverIsNoPass) {
  for (const Job& job : Jobs(kAll)) {
    if (job.mode != Mode::kStream && job.mode != Mode::kNone) continue;
    const auto judgement = job.play(bench_.rig());
    EXPECT_EQ(judgement.verdict, Verdict::kInconclusive) << job.check;
    EXPECT_NE(judgement.message.find("cannot run"), std::string::npos) << judgement.message;
  }
}

TEST_F(SuiteJobsTest, AModeThatTheHostDoesNotHaveIsSkipped) {
  bench_.rig().profile.commands.clear();
  for (const Job& job : Jobs(R"("fuzz":{"cases":5})"))
    EXPECT_EQ(job.play(bench_.rig()).verdict, Verdict::kSkip);
}

TEST_F(SuiteJobsTest, DriversAreAskedForWhatThePolicySays) {
  Drivers drivers;
  std::vector<std::string> asked;
  drivers.load = [&](Rig&, Mode, int requests) {
    asked.push_back("load " + std::to_string(requests));
    return Judgement::Pass();
  };
  drivers.fuzz = [&](Rig&, Mode, std::int64_t cases) {
    asked.push_back("fuzz " + std::to_string(cases));
    return Judgement::Pass();
  };
  drivers.model = [&](Rig&, const policy::ModelSuite& suite) {
    asked.push_back("model " + std::to_string(suite.programs));
    return Judgement::Pass();
  };
  drivers.selftest = [&](policy::Selftest which) {
    asked.push_back(which == policy::Selftest::kAll ? "selftest all" : "selftest fast");
    return Judgement::HarnessBug("it does not bite");
  };
  for (const Job& job : Jobs(kAll, drivers)) {
    if (job.mode == Mode::kStream || job.mode == Mode::kNone) job.play(bench_.rig());
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"load 7", "fuzz 5", "model 3", "selftest all"}));
}

TEST_F(SuiteJobsTest, ASoakLeavesItsSummaryUnderItsName) {
  Drivers drivers;
  drivers.soak = [](Rig&,
                    const policy::SoakSuite& suite) -> tl::expected<soak::Summary, std::string> {
    EXPECT_EQ(suite.requests, 9);
    soak::Summary summary;
    summary.verdict = "pass";
    return summary;
  };
  const auto jobs = Jobs(R"("soak":[{"name":"s","requests":9}])", drivers);
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].play(bench_.rig()).verdict, Verdict::kPass);
  ASSERT_EQ(yield_->soaks.size(), 1u);
  EXPECT_EQ(yield_->soaks[0].name, "s");

  // Of a number of requests no trend is asked.
  drivers.soak = [](Rig&, const policy::SoakSuite&) -> tl::expected<soak::Summary, std::string> {
    soak::Summary summary;
    summary.verdict = "not judged";
    summary.reason = "too short";
    summary.asked_requests = 9;
    summary.host.answered = 9;
    summary.segments = {{0, 0, 5, "complete"}};
    return summary;
  };
  EXPECT_EQ(Jobs(R"("soak":[{"name":"t","requests":9}])", drivers)[0].play(bench_.rig()).verdict,
            Verdict::kPass);
  ASSERT_EQ(yield_->soaks.size(), 2u);
  EXPECT_EQ(yield_->soaks[1].verdict, "pass");

  drivers.soak = [](Rig&, const policy::SoakSuite&) -> tl::expected<soak::Summary, std::string> {
    return tl::unexpected(std::string("the mix cannot be read"));
  };
  const auto failing = Jobs(R"("soak":[{"name":"s","requests":9}])", drivers);
  const auto judgement = failing[0].play(bench_.rig());
  EXPECT_EQ(judgement.verdict, Verdict::kInconclusive);
  EXPECT_EQ(judgement.message, "the mix cannot be read");
}

TEST_F(SuiteJobsTest, BenchmarksThatMeasuredNothingAreNoPass) {
  Drivers drivers;
  using Result = tl::expected<std::vector<Benchmark>, std::string>;
  drivers.benchmarks = [](Rig&, const policy::BenchmarkSuite&) -> Result {
    return std::vector<Benchmark>{};
  };
  EXPECT_EQ(Jobs(R"("benchmarks":{})", drivers)[0].play(bench_.rig()).verdict,
            Verdict::kInconclusive);
  drivers.benchmarks = [](Rig&, const policy::BenchmarkSuite& suite) -> Result {
    EXPECT_EQ(suite.rounds, 5);
    Benchmark benchmark;
    benchmark.name = "b";
    return std::vector<Benchmark>{benchmark};
  };
  EXPECT_EQ(Jobs(R"("benchmarks":{})", drivers)[0].play(bench_.rig()).verdict, Verdict::kPass);
  EXPECT_EQ(yield_->benchmarks.size(), 1u);
}

}  // namespace
}  // namespace touchstone::testing
