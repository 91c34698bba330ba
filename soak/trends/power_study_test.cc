#include "soak/trends/power_study.h"

#include <gtest/gtest.h>

namespace touchstone::soak {
namespace {

constexpr int kTimes = 200;

Synthetic Named(const std::string& name, double length_s) {
  for (auto& synthetic : StudiedSeries(length_s)) {
    if (synthetic.name == name) return synthetic;
  }
  ADD_FAILURE() << "no series is called " << name;
  return {};
}

double JudgedShare(const std::string& name, double length_s) {
  return ShareJudged(Named(name, length_s), kTimes, 1);
}

constexpr double kHalfHour = 1800, kDay = 86400;

TEST(PowerStudy, ADayWithoutALeakRaisesNoAlarm) {
  int studied = 0;
  for (const auto& synthetic : StudiedSeries(kDay)) {
    if (synthetic.leaks) continue;
    EXPECT_LE(ShareJudged(synthetic, kTimes / 4, 1), 0.02) << synthetic.name;
    ++studied;
  }
  EXPECT_GE(studied, 10);
}

TEST(PowerStudy, ADayShowsEveryLeak) {
  int studied = 0;
  for (const auto& synthetic : StudiedSeries(kDay)) {
    if (!synthetic.leaks) continue;
    EXPECT_GE(ShareJudged(synthetic, kTimes / 4, 1), 0.98) << synthetic.name;
    ++studied;
  }
  EXPECT_GE(studied, 8);
}

TEST(PowerStudy, HalfAnHourRarelyRaisesAFalseAlarm) {
  for (const char* name :
       {"no leak", "no leak, noise lasts 10 s", "no leak, 9 restarts", "falls by 500 KB/h"}) {
    EXPECT_LE(JudgedShare(name, kHalfHour), 0.02) << name;
  }
  EXPECT_LE(JudgedShare("no leak, noise lasts 100 s", kHalfHour), 0.08);
}

TEST(PowerStudy, ACacheThatFillsIsNoLeak) {
  for (const char* name : {"a step of 2 MiB at 10 %", "steps of 1 MiB at 5, 15, 30 %",
                           "a cache of 8 MiB fills until 25 %"}) {
    EXPECT_LE(JudgedShare(name, kHalfHour), 0.03) << name;
    // Without looking for the plateau, it would be one.
    EXPECT_GE(Study(Named(name, kHalfHour), 50, 1).plain_raw, 0.9) << name;
  }
}

TEST(PowerStudy, AStepThatComesLateIsRarelyALeak) {
  const auto late = Named("a step of 2 MiB at 60 %", kHalfHour);
  EXPECT_LE(ShareJudged(late, kTimes, 1), 0.01);
  EXPECT_GE(Study(late, 50, 1).plain_medians, 0.9);
  // Of 600 s as well: what an outage in the middle makes a good host allocate.
  EXPECT_LE(JudgedShare("a step of 350 KiB at 55 %", kHalfHour), 0.02);
  EXPECT_LE(JudgedShare("a step of 350 KiB at 55 %", 600), 0.12);
}

TEST(PowerStudy, HalfAnHourShowsABigLeakAndSometimesASmallOne) {
  EXPECT_GE(JudgedShare("leaks 500 KB/h, noise lasts 10 s", kHalfHour), 0.97);
  EXPECT_GE(JudgedShare("leaks 500 KB/h, noise lasts 100 s", kHalfHour), 0.75);
  EXPECT_GE(JudgedShare("leaks 500 KB/h, a cache fills until 25 %", kHalfHour), 0.95);
  EXPECT_GE(JudgedShare("leaks 500 KB/h from the middle on", kHalfHour), 0.92);
  EXPECT_GE(JudgedShare("leaks 100 KB/h", kHalfHour), 0.92);
  EXPECT_GE(JudgedShare("leaks 100 KB/h, noise lasts 10 s", kHalfHour), 0.5);
}

TEST(PowerStudy, TheSeedDecides) {
  const auto synthetic = Named("no leak, noise lasts 10 s", kHalfHour);
  const auto once = Generate(synthetic, 3), again = Generate(synthetic, 3);
  ASSERT_EQ(once.size(), again.size());
  for (std::size_t i = 0; i < once[0].size(); ++i) EXPECT_EQ(once[0][i].value, again[0][i].value);
  EXPECT_NE(Generate(synthetic, 4)[0][0].value, once[0][0].value);
}

}  // namespace
}  // namespace touchstone::soak
