#include "soak/stats/trend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace touchstone::soak {
namespace {

std::vector<Point> Series(int n, const std::function<double(double)>& value) {
  std::vector<Point> series;
  for (int i = 0; i < n; ++i) series.push_back({i * 0.1, value(i * 0.1)});
  return series;
}

TEST(TheilSen, FindsTheSlopeOfALine) {
  EXPECT_NEAR(TheilSenSlope(Series(50, [](double t) { return 7 + 3 * t; })), 3, 1e-9);
  EXPECT_NEAR(TheilSenSlope(Series(51, [](double t) { return 7 - 2 * t; })), -2, 1e-9);
}

TEST(TheilSen, IsTheMedianOfAnEvenNumberOfSlopes) {
  // Slopes 1, 2 and 3, 1.5, 2, 2.5…: three points give three; four give six.
  EXPECT_DOUBLE_EQ(TheilSenSlope({{0, 0}, {1, 1}, {2, 3}, {3, 6}}), (2 + 2) / 2.0);
}

TEST(TheilSen, IsNotSwayedByOutliers) {
  auto series = Series(60, [](double) { return 5.0; });
  for (std::size_t i = 50; i < 60; ++i) series[i].value = 1e6;
  EXPECT_DOUBLE_EQ(TheilSenSlope(series), 0);
}

TEST(TheilSen, OfNothingIsZero) {
  EXPECT_EQ(TheilSenSlope({}), 0);
  EXPECT_EQ(TheilSenSlope({{1, 5}}), 0);
  EXPECT_EQ(TheilSenSlope({{1, 5}, {1, 9}}), 0);  // at the same moment
}

TEST(MannKendall, KnowsATextbookValue) {
  // S = 45 for ten rising values, variance 125, Z = 44 / 11.18 = 3.935.
  const double p = MannKendallRise(Series(10, [](double t) { return t; }));
  EXPECT_NEAR(p, 4.15e-5, 5e-7);
}

TEST(MannKendall, CorrectsForTies) {
  // Two levels of five: S = 25, variance (10*9*25 - 2*5*4*15) / 18 = 91.67, Z = 2.507.
  const double p = MannKendallRise(Series(10, [](double t) { return t < 0.45 ? 1.0 : 2.0; }));
  EXPECT_NEAR(p, 0.0061, 2e-4);
}

TEST(MannKendall, IsSureOfNothingWhenLittleIsKnown) {
  EXPECT_EQ(MannKendallRise(Series(7, [](double t) { return t; })), 1);
  EXPECT_EQ(MannKendallRise(Series(100, [](double) { return 3.0; })), 1);
}

TEST(MannKendall, SeesAFallAsNoRise) {
  EXPECT_GT(MannKendallRise(Series(40, [](double t) { return -t; })), 0.99);
}

TEST(Trend, NoiseRarelyRises) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(100, 10);
  int alarms = 0;
  for (int i = 0; i < 500; ++i)
    alarms += MannKendallRise(Series(60, [&](double) { return noise(random); })) < 0.01;
  EXPECT_LE(alarms, 15);  // 1 % are expected
}

TEST(Trend, ALeakUnderNoiseIsSeen) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> noise(0, 10);
  const auto leak = Series(60, [&](double t) { return 100 + 20 * t + noise(random); });
  EXPECT_TRUE(RisesBeyond(leak, 10));
  EXPECT_FALSE(RisesBeyond(leak, 40));  // within the tolerance
}

TEST(Trend, OneStepIsSignificantButItsSlopeIsSmall) {
  // A cache that fills once: the median slope does not see it.
  const auto step = Series(60, [](double t) { return t < 1 ? 10.0 : 500.0; });
  EXPECT_FALSE(RisesBeyond(step, 1));
}

TEST(Trend, IsDescribed) {
  EXPECT_EQ(DescribeTrend(Series(50, [](double t) { return 3 * t; })).substr(0, 21),
            "rises by 3 per second");
}

}  // namespace
}  // namespace touchstone::soak
