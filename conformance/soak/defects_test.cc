// Each thing that a soak is for, at a host that does just that wrong.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/soak/soak_fixture.h"

namespace touchstone::testing {
namespace {

using std::chrono::milliseconds;

struct Broken {
  const char* defect;
  const char* requirement;
};

class Answers : public SoakTest, public ::testing::WithParamInterface<Broken> {};

TEST_P(Answers, AreFailed) {
  auto plan = Plan();
  plan.requests = 900;
  plan.limits.answer_within = milliseconds(3000);
  const auto result = Soak(plan, GetParam().defect);
  EXPECT_TRUE(Blamed(result).contains(GetParam().requirement)) << Describe(result);
  EXPECT_EQ(result.summary.verdict, "fail") << Describe(result);
}

INSTANTIATE_TEST_SUITE_P(Soak, Answers,
                         ::testing::Values(Broken{"answers-get-lost", "LOAD-01"},
                                           Broken{"answers-come-twice", "LOAD-01"},
                                           Broken{"text-of-the-run-before", "RESP-06"},
                                           Broken{"replay-of-nothing", "IDEM-01"},
                                           Broken{"stray-line", "LOAD-03"},
                                           Broken{"stray-byte", "LOAD-03"}));

class SteadyWork : public SoakTest {
 protected:
  static SoakPlan Steady() {
    auto plan = Plan();
    plan.mix = Mix("ok-only");
    plan.duration = milliseconds(10'000);
    plan.limits.trends.shortest_window_s = 0.3;
    plan.arrivals = Constant(40);
    // Per hour, but of seconds: coarse leaks alone show in a soak as short as this.
    plan.limits.trends.rss_kib_per_hour = 3600 * 256;
    plan.limits.trends.descriptors_per_hour = plan.limits.trends.threads_per_hour =
        plan.limits.trends.children_per_hour = 3600 * 0.5;
    plan.limits.trends.latency_ms_per_hour = 3600 * 0.5;
    return plan;
  }
  // The contract's timing rule (1.2): what is seen while the machine lags is played again.
  SoakResult SoakInPeace(const SoakPlan& plan, const std::string& defect) {
    SoakResult result;
    for (int i = 0; i < 5; ++i) {
      result = Soak(plan, defect);
      if (!Lagged(result)) break;
    }
    return result;
  }
  static bool Lagged(const SoakResult& result) {
    const auto& samples = result.summary.host.samples;
    const auto late =
        std::ranges::count_if(samples, [](const auto& sample) { return sample.lag_ms > 10; });
    return static_cast<std::size_t>(late) * 4 > samples.size();
  }
};

class Trends : public SteadyWork, public ::testing::WithParamInterface<Broken> {};

TEST_P(Trends, AreFailed) {
  const auto result = SoakInPeace(Steady(), GetParam().defect);
  if (Lagged(result)) GTEST_SKIP() << "the machine lags";
  EXPECT_TRUE(Blamed(result).contains(GetParam().requirement)) << Describe(result);
  EXPECT_EQ(result.summary.verdict, "fail") << Describe(result);
}

INSTANTIATE_TEST_SUITE_P(Soak, Trends,
                         ::testing::Values(Broken{"memory-leak", "LOAD-02"},
                                           Broken{"descriptor-leak", "LOAD-02"},
                                           Broken{"thread-leak", "LOAD-02"},
                                           Broken{"child-leak", "LOAD-02"},
                                           Broken{"slower-and-slower", "LOAD-04"}));

// Shorter than it must be to see a trend: that is no pass.
TEST_F(SteadyWork, TooShortIsNotJudged) {
  auto plan = Steady();
  plan.duration = milliseconds(1500);
  const auto result = Soak(plan, "memory-leak");
  EXPECT_EQ(result.summary.verdict, "not judged") << Describe(result);
}

// The same judgement of the host without the defect.
TEST_F(SteadyWork, OfAGoodHostDoNotRise) {
  const auto result = SoakInPeace(Steady(), "none");
  if (Lagged(result)) GTEST_SKIP() << "the machine lags";
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
}

}  // namespace
}  // namespace touchstone::testing
