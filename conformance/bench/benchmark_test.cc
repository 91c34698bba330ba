#include "conformance/bench/benchmark.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace touchstone {
namespace {

Benchmark Of(std::vector<double> samples, Better better = Better::kLess) {
  return {"S ping", "ms", better, std::move(samples), "one ping", {}, {}};
}

const std::vector<double> kAround10 = {9.8, 10.1, 9.9, 10.2, 10.0};
const std::vector<double> kAround13 = {12.8, 13.1, 12.9, 13.2, 13.0};

TEST(Benchmark, ComesBackFromJson) {
  Benchmark all{"a", "1/s", Better::kMore, {1.5, 2, 3}, "about", 2.5, {}};
  const auto back = BenchmarksFromJson(ToJson(std::vector{all, Of({})}));
  ASSERT_TRUE(back) << back.error();
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ(ToJson(*back), ToJson(std::vector{all, Of({})}));
  EXPECT_EQ(back->front().wanted, 2.5);
}

TEST(Benchmark, ReadsIntegersAndIgnoresUnknownKeys) {
  const auto read = BenchmarkFromJson(boost::json::parse(
      R"({"name":"n","unit":"ms","better":"less","samples":[1,2.5,18446744073709551615],"x":{}})"));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->samples.size(), 3u);
}

TEST(Benchmark, SaysWhichKeyIsWrong) {
  const auto error = [](const char* text) {
    const auto read = BenchmarkFromJson(boost::json::parse(text));
    return read ? std::string("none") : read.error();
  };
  EXPECT_NE(error("[]").find("object"), std::string::npos);
  EXPECT_NE(error(R"({"unit":"ms"})").find("`name`"), std::string::npos);
  EXPECT_NE(error(R"({"name":"n"})").find("`unit`"), std::string::npos);
  EXPECT_NE(error(R"({"name":"n","unit":"ms","better":"big","samples":[]})").find("`better`"),
            std::string::npos);
  EXPECT_NE(error(R"({"name":"n","unit":"ms","better":"less","samples":["1"]})").find("`samples`"),
            std::string::npos);
  EXPECT_FALSE(BenchmarksFromJson(boost::json::parse("{}")));
}

TEST(Benchmark, HasAMedianAndKnowsWhatIsWanted) {
  EXPECT_EQ(Of({}).Median(), 0);
  EXPECT_EQ(Of({3, 1, 2}).Median(), 2);
  EXPECT_EQ(Of({4, 1, 2, 3}).Median(), 2.5);
  auto wanted = Of({1, 2, 3});
  wanted.wanted = 1.9;
  EXPECT_FALSE(wanted.AsWanted());
  wanted.better = Better::kMore;
  EXPECT_TRUE(wanted.AsWanted());
}

TEST(Compare, SeesWorseAndBetterInEachDirection) {
  EXPECT_EQ(Compare(Of(kAround10), Of(kAround13), 0.1).change, Change::kWorse);
  EXPECT_EQ(Compare(Of(kAround13), Of(kAround10), 0.1).change, Change::kBetter);
  const auto more = Better::kMore;
  EXPECT_EQ(Compare(Of(kAround10, more), Of(kAround13, more), 0.1).change, Change::kBetter);
  EXPECT_EQ(Compare(Of(kAround13, more), Of(kAround10, more), 0.1).change, Change::kWorse);
}

TEST(Compare, TellsWhy) {
  const auto row = Compare(Of(kAround10), Of(kAround13), 0.1);
  EXPECT_EQ(row.why, "+30.0 % (median 10 -> 13 ms), p = 0.0079");
  EXPECT_NEAR(row.relative, 0.3, 1e-9);
  EXPECT_EQ(row.effect, 1);
}

TEST(Compare, WhatIsSignificantButSmallIsNoise) {
  EXPECT_EQ(Compare(Of(kAround10), Of(kAround13), 0.4).change, Change::kNoise);
}

TEST(Compare, WhatIsLargeButChanceIsNoise) {
  // The median is a fifth higher, but the samples overlap.
  const auto row = Compare(Of({9, 10, 10, 11, 14}), Of({8, 9, 12, 13, 14}), 0.1);
  EXPECT_GT(row.relative, 0.1);
  EXPECT_EQ(row.change, Change::kNoise);
}

TEST(Compare, TooFewSamplesAreNotJudged) {
  const auto row = Compare(Of({1, 1, 1}), Of({9, 9, 9}), 0.1);
  EXPECT_EQ(row.change, Change::kNotJudged);
  EXPECT_NE(row.why.find("too few"), std::string::npos);
}

TEST(Compare, WhatWasNotMeasuredIsNotJudged) {
  auto missing = Of({});
  missing.not_measured = "nginx is not installed";
  const auto row = Compare(Of(kAround10), missing, 0.1);
  EXPECT_EQ(row.change, Change::kNotJudged);
  EXPECT_EQ(row.why, "not measured now: nginx is not installed");
  auto other = Of(kAround10);
  other.unit = "s";
  EXPECT_EQ(Compare(Of(kAround10), other, 0.1).change, Change::kNotJudged);
}

TEST(Compare, FromNothingToSomethingIsAChange) {
  EXPECT_EQ(Compare(Of({0, 0, 0, 0, 0}), Of(kAround10), 0.1).change, Change::kWorse);
  EXPECT_EQ(Compare(Of({0, 0, 0, 0, 0}), Of({0, 0, 0, 0, 0}), 0.1).change, Change::kNoise);
}

TEST(CompareAll, NamesWhatAppearedAndVanished) {
  auto old_one = Of(kAround10), new_one = Of(kAround10);
  old_one.name = "old";
  new_one.name = "new";
  const auto rows = CompareAll({Of(kAround10), old_one}, {new_one, Of(kAround13)}, 0.1);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_TRUE(rows[0].appeared);
  EXPECT_EQ(rows[1].comparison.change, Change::kWorse);
  EXPECT_TRUE(rows[2].vanished);
  EXPECT_EQ(rows[2].name, "old");
}

}  // namespace
}  // namespace touchstone
