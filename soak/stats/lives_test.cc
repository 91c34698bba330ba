#include "soak/stats/lives.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace touchstone::soak {
namespace {

std::vector<Point> Series(int n, const std::function<double(double)>& value) {
  std::vector<Point> series;
  for (int i = 0; i < n; ++i) series.push_back({double(i), value(i)});
  return series;
}

// AR(1) noise of standard deviation 1.
std::function<double(double)> Noise(std::mt19937_64& random, double memory) {
  return [&random, memory, value = 0.0, begun = false](double) mutable {
    std::normal_distribution<double> normal(0, 1);
    const double fresh = normal(random);
    value = begun ? memory * value + std::sqrt(1 - memory * memory) * fresh : fresh;
    begun = true;
    return value;
  };
}

TEST(WindowMedians, CutsIntoEqualWindows) {
  const auto medians = WindowMedians(Series(101, [](double t) { return t; }), 10);
  ASSERT_EQ(medians.size(), 10u);
  EXPECT_EQ(medians[0].value, 4.5);
  EXPECT_EQ(medians[0].at, 4.5);
  EXPECT_EQ(medians[9].value, 95);  // the last point belongs to the last window
}

TEST(WindowMedians, AreNotSwayedByOutliers) {
  auto series = Series(100, [](double) { return 5.0; });
  for (std::size_t i = 3; i < 100; i += 10) series[i].value = 1e9;
  for (const auto& median : WindowMedians(series, 10)) EXPECT_EQ(median.value, 5);
}

TEST(WindowMedians, LeaveOutWindowsWithoutPoints) {
  auto series = Series(11, [](double t) { return t; });
  series.push_back({100, 7});
  EXPECT_EQ(WindowMedians(series, 10).size(), 3u);  // 0–10, 10, 100
}

TEST(WindowMedians, OfLittleAreLittle) {
  EXPECT_TRUE(WindowMedians({}, 10).empty());
  EXPECT_EQ(WindowMedians({{3, 7}}, 10).size(), 1u);
  EXPECT_EQ(WindowMedians({{3, 7}, {3, 9}}, 10)[0].value, 8);
}

TEST(WarmUp, IsFoundWhereTheLevelIsReached) {
  EXPECT_EQ(WarmUp(Series(100, [](double t) { return t < 20 ? 0.0 : 50.0; })), 20u);
  const auto filling = WarmUp(Series(100, [](double t) { return std::min(t, 30.0); }));
  EXPECT_NEAR(static_cast<double>(filling), 30, 2);
}

TEST(WarmUp, IsFoundUnderNoise) {
  std::mt19937_64 random(1);
  int late = 0;
  for (int i = 0; i < 200; ++i) {
    auto noise = Noise(random, 0.5);
    const auto cut = WarmUp(Series(96, [&](double t) { return noise(t) + (t < 24 ? 0 : 20); }));
    EXPECT_GE(cut, 24u);
    late += cut > 30;
  }
  EXPECT_LE(late, 30);  // 6 points more than needed or beyond
}

TEST(WarmUp, ALeakIsNone) {
  EXPECT_EQ(WarmUp(Series(96, [](double t) { return 3 * t; })), 0u);
  std::mt19937_64 random(2);
  int cut = 0;
  for (int i = 0; i < 500; ++i) {
    auto noise = Noise(random, 0.3);
    cut += WarmUp(Series(96, [&](double t) { return noise(t) + t; })) > 0;
  }
  EXPECT_LE(cut, 25);
}

TEST(WarmUp, NoiseHasNone) {
  std::mt19937_64 random(3);
  int cut = 0;
  for (int i = 0; i < 500; ++i) cut += WarmUp(Series(96, Noise(random, 0))) > 0;
  EXPECT_LE(cut, 5);
}

TEST(WarmUp, IsAtMostHalf) {
  EXPECT_LE(WarmUp(Series(100, [](double t) { return t < 70 ? t : 70.0; })), 50u);
  EXPECT_EQ(WarmUp(Series(100, [](double t) { return t < 99 ? 0.0 : 1.0; })), 0u);
  EXPECT_EQ(WarmUp(Series(7, [](double t) { return t < 2 ? 0.0 : 9.0; })), 0u);
}

TEST(FindRise, OfOneLifeIsTheilSenAndMannKendall) {
  std::mt19937_64 random(4);
  auto noise = Noise(random, 0);
  const auto series = Series(40, [&](double t) { return 0.05 * t + noise(t); });
  EXPECT_DOUBLE_EQ(FindRise({series}).slope, TheilSenSlope(series));
  EXPECT_DOUBLE_EQ(PlainMannKendall({series}), MannKendallRise(series));
  EXPECT_GE(FindRise({series}).p, MannKendallRise(series));
}

TEST(FindRise, LivesAreNotCompared) {
  // Each life falls, the level rises with each restart.
  const auto life = [](double level) { return Series(10, [=](double t) { return level - t; }); };
  const auto rise = FindRise({life(0), life(100), life(200)});
  EXPECT_DOUBLE_EQ(rise.slope, -1);
  EXPECT_GT(rise.p, 0.99);
  EXPECT_EQ(rise.points, 30);
}

TEST(FindRise, LivesAddUp) {
  std::mt19937_64 random(5);
  const auto life = [&] {
    auto noise = Noise(random, 0);
    return Series(8, [noise](double t) mutable { return 0.4 * t + noise(t); });
  };
  const auto one = life();
  EXPECT_LT(FindRise({one, life(), life(), life()}).p, FindRise({one}).p);
}

TEST(FindRise, IsSureOfNothingWhenLittleIsKnown) {
  EXPECT_EQ(FindRise({}).p, 1);
  EXPECT_EQ(FindRise({{}, {{1, 1}}}).points, 0);
  EXPECT_EQ(FindRise({Series(7, [](double t) { return t; })}).p, 1);
  EXPECT_EQ(FindRise({Series(50, [](double) { return 3.0; })}).p, 1);
}

TEST(FindRise, TheHighestSlopeHoldsInNineteenOfTwenty) {
  std::mt19937_64 random(6);
  int held = 0;
  for (int i = 0; i < 1000; ++i) {
    auto noise = Noise(random, 0);
    const auto rise = FindRise({Series(24, [&](double t) { return 0.1 * t + noise(t); })});
    held += rise.highest_slope >= 0.1;
    EXPECT_GE(rise.highest_slope, rise.slope);
  }
  EXPECT_GE(held, 930);
  EXPECT_LE(held, 985);
}

// What the correction is for: the rate of false alarms at p < 0.01 under noise that lasts.
TEST(FindRise, TheCorrectionTamesNoiseThatLasts) {
  std::mt19937_64 random(7);
  int plain = 0, corrected = 0;
  constexpr int kTimes = 1000;
  for (int i = 0; i < kTimes; ++i) {
    const Lives lives = {Series(60, Noise(random, 0.6))};
    plain += PlainMannKendall(lives) < 0.01;
    corrected += FindRise(lives).p < 0.01;
  }
  EXPECT_GE(plain, kTimes / 12);      // more than 8 % instead of 1 %
  EXPECT_LE(corrected, kTimes / 30);  // about 2 %
}

TEST(FindRise, TheCorrectionCostsWhiteNoiseLittle) {
  std::mt19937_64 random(8);
  int found = 0;
  for (int i = 0; i < 500; ++i) {
    auto noise = Noise(random, 0);
    found += FindRise({Series(24, [&](double t) { return 0.15 * t + noise(t); })}).p < 0.01;
  }
  EXPECT_GE(found, 450);
}

}  // namespace
}  // namespace touchstone::soak
