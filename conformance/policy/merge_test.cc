#include "conformance/policy/merge.h"

#include <gtest/gtest.h>

#include "conformance/policy/synthetic.h"
#include "conformance/run/shard.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

// A plan of seven checks, cut in three as `--shard` does.
class MergeTest : public ::testing::Test {
 protected:
  MergeTest() {
    WriteFile(folder_.path() / "rows.json", R"({"areas":[],"requirements":[
      {"id":"CTRL-01","level":"MUST","milestone":"M1","modes":["S"],"text":"t","section":"1"}]})");
    catalogue_ = *Catalogue::Load(folder_.path() / "rows.json");
    for (char c = 'a'; c < 'h'; ++c) {
      Job job;
      job.check = std::string("x/") + c;
      job.kind = "case";
      job.requirements = {"CTRL-01"};
      plan_.push_back(job);
    }
    for (int index = 1; index <= 3; ++index) shards_.push_back(Play(index));
  }

  ReportFile Play(int index) {
    std::vector<CheckResult> results;
    for (const Job& job : TakeShard(plan_, {index, 3}))
      results.push_back(Result(job.check, Verdict::kPass));
    ReportFile shard;
    shard.file = "shard-" + std::to_string(index) + ".json";
    shard.report = ReportOf(std::move(results));
    shard.report.seed = 7;
    shard.report.duration_ms = 10;
    shard.report.shard = ShardInfo{index, 3, 7, PlanDigest(plan_)};
    return shard;
  }
  tl::expected<Report, std::string> Merged() { return Merge(shards_, catalogue_, {}); }
  void ExpectRefused(const std::string& why) {
    const auto merged = Merged();
    ASSERT_FALSE(merged) << why;
    EXPECT_NE(merged.error().find(why), std::string::npos) << merged.error();
  }

  TestFolder folder_;
  Catalogue catalogue_;
  std::vector<Job> plan_;
  std::vector<ReportFile> shards_;
};

TEST_F(MergeTest, TheWholeIsCountedAnew) {
  auto& results = shards_[1].report.results;
  results[0].judgement = Judgement::From({{"CTRL-01", "it is broken"}}, "the transcript");
  results[1].judgement.counted = Counted{"requests", 10, 10};
  std::swap(shards_[0], shards_[2]);  // in whatever order
  const auto merged = Merged();
  ASSERT_TRUE(merged) << merged.error();
  EXPECT_FALSE(merged->shard);
  EXPECT_EQ(merged->results.size(), 7u);
  EXPECT_EQ(merged->ledger.summary.planned, 7);
  EXPECT_EQ(merged->ledger.summary.fail, 1);
  EXPECT_EQ(merged->ledger.exit_status, 1);
  ASSERT_EQ(merged->ledger.blocking.size(), 1u);
  EXPECT_NE(merged->ledger.blocking[0].find("CTRL-01 (MUST M1) is broken"), std::string::npos);
  EXPECT_EQ(merged->duration_ms, 30);
  EXPECT_EQ(merged->statistics.size(), 1u);
  bool carried = false;
  for (const auto& result : merged->results)
    carried |= result.judgement.transcript == "the transcript";
  EXPECT_TRUE(carried);
}

TEST_F(MergeTest, AMissingShardIsNamed) {
  shards_.erase(shards_.begin() + 1);
  ExpectRefused("missing: shard 2/3");
  shards_.pop_back();
  ExpectRefused("missing: shard 2/3, 3/3");
  shards_.clear();
  ExpectRefused("nothing to merge");
}

TEST_F(MergeTest, AShardThatIsThereTwiceIsNamed) {
  shards_.push_back(Play(3));
  ExpectRefused("shard 3/3 is there twice: shard-3.json and shard-3.json");
}

TEST_F(MergeTest, ShardsOfAnotherRunAreRefused) {
  const auto with = [&](const std::function<void(Report&)>& change, const std::string& why) {
    const auto whole = Play(2);
    change(shards_[1].report);
    ExpectRefused(why);
    shards_[1].report = whole.report;
  };
  with([](Report& r) { r.seed = 8; },
       "the seed is \"7\" in shard-1.json and \"8\" in shard-2.json");
  with([](Report& r) { r.version = "2"; }, "the version is");
  with([](Report& r) { r.host_name = "other"; }, "the host is");
  with([](Report& r) { r.milestone = "M2"; }, "the milestone is");
  with([](Report& r) { r.policy = "release"; }, "the policy is");
  with([](Report& r) { r.shard->of = 4; }, "the number of shards is");
  with([](Report& r) { r.shard->plan_digest = "0"; }, "the plan is");
  with([](Report& r) { r.shard.reset(); }, "no shard: it was not made with --shard");
  EXPECT_TRUE(Merged());
}

TEST_F(MergeTest, AShardThatDidNotPlayAllIsRefused) {
  shards_[1].report.results.pop_back();
  --shards_[1].report.ledger.summary.executed;
  ExpectRefused("shard-2.json: 1 of its 2 checks were not executed");
}

TEST_F(MergeTest, ACheckThatWasLostOrDoubledIsNoticed) {
  auto& report = shards_[1].report;
  report.results.pop_back();
  --report.ledger.summary.executed;
  --report.ledger.summary.planned;
  ExpectRefused("the shards hold 6 checks");
  report.results.push_back(shards_[0].report.results[0]);
  ++report.ledger.summary.executed;
  ++report.ledger.summary.planned;
  ExpectRefused("is in two shards");
}

}  // namespace
}  // namespace touchstone::testing
