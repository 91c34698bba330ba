#include "soak/arrivals/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace touchstone::soak {
namespace {

using std::chrono::nanoseconds;

constexpr ArrivalPlan kConstant50{ArrivalProcess::kConstant, 50};
constexpr ArrivalPlan kPoisson50{ArrivalProcess::kPoisson, 50};

std::vector<double> Starts(ArrivalSchedule schedule, int n) {
  std::vector<double> starts;
  for (int i = 0; i < n; ++i) starts.push_back(static_cast<double>(schedule.Next().count()) / 1e9);
  return starts;
}

TEST(ParseRate, KnowsThreeKinds) {
  EXPECT_EQ(ParseRate("50/s")->process, ArrivalProcess::kConstant);
  EXPECT_EQ(ParseRate("50/s")->per_second, 50);
  EXPECT_EQ(ParseRate("0.5")->per_second, 0.5);
  EXPECT_EQ(ParseRate("poisson:20/s")->process, ArrivalProcess::kPoisson);
  EXPECT_EQ(ParseRate("poisson:20")->per_second, 20);
  EXPECT_EQ(ParseRate("max")->process, ArrivalProcess::kClosedLoop);
}

TEST(ParseRate, RefusesWhatIsNoRate) {
  for (const char* text : {"", "0", "-1", "abc", "5x", "nan", "inf", "1e9", "100001",
                           "poisson:", "poisson:max", "50/m", " 50", "/s"}) {
    const auto plan = ParseRate(text);
    ASSERT_FALSE(plan) << text;
    EXPECT_NE(plan.error().find("poisson:50/s"), std::string::npos) << plan.error();
  }
}

TEST(ArrivalPlan, IsDescribed) {
  EXPECT_EQ(Describe(kConstant50), "constant 50/s");
  EXPECT_EQ(Describe({ArrivalProcess::kPoisson, 0.5}), "poisson 0.5/s");
  EXPECT_EQ(Describe({}).substr(0, 11), "closed loop");
}

TEST(ArrivalSchedule, ConstantStartsAtOnceAndDoesNotDrift) {
  const auto starts = Starts({kConstant50, 1}, 4'320'001);  // 24 h
  EXPECT_EQ(starts[0], 0);
  EXPECT_NEAR(starts[1], 0.02, 1e-9);
  EXPECT_NEAR(starts.back(), 86400, 1e-6);
}

TEST(ArrivalSchedule, ThirdsOfASecondDoNotDriftEither) {
  EXPECT_NEAR(Starts({{ArrivalProcess::kConstant, 3}, 1}, 259'201).back(), 86400, 1e-6);
}

TEST(ArrivalSchedule, PoissonHasExponentialGaps) {
  const int n = 200'000;
  const auto starts = Starts({kPoisson50, 7}, n);
  double sum = 0, squares = 0, previous = 0;
  int longer = 0;  // than twice the mean: e^-2 of them
  for (double start : starts) {
    const double gap = start - previous;
    ASSERT_GE(gap, 0);
    sum += gap;
    squares += gap * gap;
    longer += gap > 2.0 / 50;
    previous = start;
  }
  const double mean = sum / n, deviation = std::sqrt(squares / n - mean * mean);
  EXPECT_NEAR(mean * 50, 1, 0.01);
  EXPECT_NEAR(deviation / mean, 1, 0.01);  // of an exponential distribution they are equal
  EXPECT_NEAR(static_cast<double>(longer) / n, std::exp(-2), 0.003);
}

TEST(ArrivalSchedule, TheSeedDecides) {
  EXPECT_EQ(Starts({kPoisson50, 7}, 100), Starts({kPoisson50, 7}, 100));
  EXPECT_NE(Starts({kPoisson50, 7}, 100), Starts({kPoisson50, 8}, 100));
}

TEST(ArrivalSchedule, GoesOnWhereItWas) {
  for (const ArrivalPlan& plan : {kConstant50, kPoisson50}) {
    ArrivalSchedule whole(plan, 3), begun(plan, 3);
    for (int i = 0; i < 500; ++i) whole.Next(), begun.Next();
    ArrivalSchedule resumed(plan, 3, begun.position());
    for (int i = 0; i < 500; ++i) EXPECT_EQ(resumed.Next(), whole.Next());
    EXPECT_EQ(resumed.position().count, 1000);
  }
}

}  // namespace
}  // namespace touchstone::soak
