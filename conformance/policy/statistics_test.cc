#include "conformance/policy/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace touchstone {
namespace {

TEST(FailureRate, WithoutAFailureItIsTheClosedForm) {
  for (std::int64_t total : {1, 10, 1000, 1'000'000}) {
    const double closed = 1 - std::pow(0.05, 1.0 / static_cast<double>(total));
    EXPECT_NEAR(FailureRateBelow(total, 0) / closed, 1, 1e-6) << total;
  }
  EXPECT_LT(FailureRateBelow(1000, 0), 0.003) << "the rule of three is an upper bound of it";
}

// The bound is the rate at which so few failures have probability 5 %.
TEST(FailureRate, WithFailuresItIsWhereTheTailIsFivePercent) {
  for (int failures : {1, 2, 7}) {
    const double p = FailureRateBelow(200, failures);
    double tail = 0, term = std::pow(1 - p, 200);
    for (int k = 0; k <= failures; ++k) {
      tail += term;
      term *= (200.0 - k) / (k + 1) * p / (1 - p);
    }
    EXPECT_NEAR(tail, 0.05, 1e-9) << failures;
  }
}

TEST(FailureRate, NothingTriedAndNothingRightProveNothing) {
  EXPECT_EQ(FailureRateBelow(0, 0), 1);
  EXPECT_EQ(FailureRateBelow(5, 5), 1);
}

Statistic Of(std::int64_t total, std::int64_t right) {
  const CheckResult result{"load/x", "check", {}, Mode::kStream, {}, 0, {}};
  return StatisticOf(result, {"requests", total, right});
}

TEST(StatisticText, SaysWhatWasCountedAndNoMoreThanIsKnown) {
  EXPECT_EQ(Of(1000, 1000).text,
            "1000 of 1000 requests in mode S answered right: failure rate below 0.30 % (95 %, "
            "exact Clopper–Pearson; rule of three: 3/1000)");
  EXPECT_EQ(Of(1000, 998).text,
            "998 of 1000 requests in mode S answered right: failure rate below 0.63 % (95 %, exact "
            "Clopper–Pearson)");
  EXPECT_NE(Of(1, 1).text.find("below 95 %"), std::string::npos) << Of(1, 1).text;
  EXPECT_NE(Of(3, 0).text.find("below 100 %"), std::string::npos) << Of(3, 0).text;
}

TEST(StatisticList, HasARowForEachResultThatCounted) {
  CheckResult plain{"a", "case", {}, Mode::kStream, {}, 0, {}};
  CheckResult counted = plain, nothing = plain;
  counted.judgement.counted = Counted{"inputs", 50, 50};
  nothing.judgement.counted = Counted{"inputs", 0, 0};
  const auto list = StatisticsOf({plain, counted, nothing});
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].what, "inputs");
}

}  // namespace
}  // namespace touchstone
