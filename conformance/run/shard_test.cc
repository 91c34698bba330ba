#include "conformance/run/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace touchstone {
namespace {

constexpr Mode kModes[] = {Mode::kStream, Mode::kOneShot, Mode::kBridge};

std::vector<Job> Plan(int checks) {
  std::vector<Job> plan;
  for (int i = 0; i < checks; ++i) {
    for (Mode mode : kModes) {
      plan.push_back({"area/" + std::to_string(i),
                      i % 3 ? "case" : "check",
                      {},
                      mode,
                      {},
                      i % 5 == 0,
                      i % 7 == 0,
                      {}});
    }
  }
  return plan;
}

TEST(Shard, ReadsIndexAndCount) {
  const auto shard = ParseShard("2/3");
  ASSERT_TRUE(shard);
  EXPECT_EQ(shard->index, 2);
  EXPECT_EQ(shard->of, 3);
  EXPECT_TRUE(ParseShard("1/1"));
  for (const char* bad : {"", "/", "1", "0/3", "4/3", "-1/3", "1/-3", "1/3x", "a/b", "1/1001",
                          "1/99999999999999", "1/3/3", " 1/3"})
    EXPECT_FALSE(ParseShard(bad)) << bad;
}

TEST(Shard, EachJobIsInExactlyOnePartAndPartsAreEven) {
  const auto plan = Plan(101);
  for (int of : {1, 2, 3, 4, 7, 16}) {
    std::vector<std::size_t> sizes;
    std::set<std::pair<std::string, Mode>> seen;
    for (int index = 1; index <= of; ++index) {
      const auto part = TakeShard(plan, {index, of});
      sizes.push_back(part.size());
      for (const Job& job : part)
        EXPECT_TRUE(seen.emplace(job.check, job.mode).second) << job.check << " is dealt twice";
    }
    EXPECT_EQ(seen.size(), plan.size());
    EXPECT_LE(std::ranges::max(sizes) - std::ranges::min(sizes), 1u) << of;
  }
}

// Round robin over the plan itself would give each of three parts one mode.
TEST(Shard, EachPartTakesItsShareOfEachKind) {
  const auto plan = Plan(90);
  std::map<std::pair<Mode, bool>, std::vector<int>> shares;
  for (int index = 1; index <= 3; ++index) {
    std::map<std::pair<Mode, bool>, int> counts;
    for (const Job& job : TakeShard(plan, {index, 3})) ++counts[{job.mode, job.serial}];
    for (const auto& [kind, count] : counts) shares[kind].push_back(count);
  }
  EXPECT_EQ(shares.size(), 6u);
  for (const auto& [kind, counts] : shares) {
    ASSERT_EQ(counts.size(), 3u);
    EXPECT_LE(std::ranges::max(counts) - std::ranges::min(counts), 4);
  }
}

TEST(Shard, ThePartIsAlwaysTheSame) {
  const auto names = [](const std::vector<Job>& part) {
    std::vector<std::string> list;
    for (const Job& job : part) list.push_back(job.check + std::string(ToString(job.mode)));
    return list;
  };
  EXPECT_EQ(names(TakeShard(Plan(20), {2, 3})), names(TakeShard(Plan(20), {2, 3})));
}

TEST(PlanDigestTest, NamesTheSetAndNotTheOrder) {
  auto plan = Plan(10);
  const auto digest = PlanDigest(plan);
  EXPECT_EQ(digest.size(), 16u);
  std::ranges::reverse(plan);
  EXPECT_EQ(PlanDigest(plan), digest);
  plan.pop_back();
  EXPECT_NE(PlanDigest(plan), digest);
  plan.push_back({"area/0", "case", {}, Mode::kNone, {}, false, false, {}});
  EXPECT_NE(PlanDigest(plan), digest);
}

}  // namespace
}  // namespace touchstone
