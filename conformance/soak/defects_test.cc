// Each thing that a soak is for, at a host that does just that wrong.
#include <fmt/format.h>

#include <functional>

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
    plan.limits.trends.latency_ms_per_hour = 3600 * 2;
    return plan;
  }
  // Ten seconds on a machine that is busy elsewhere can look like anything: three tries.
  SoakResult SoakUntil(const SoakPlan& plan, const std::string& defect,
                       const std::function<bool(const SoakResult&)>& holds) {
    SoakResult result;
    for (int i = 0; i < 3; ++i) {
      result = Soak(plan, defect);
      if (holds(result)) break;
    }
    return result;
  }
};

class Trends : public SteadyWork, public ::testing::WithParamInterface<Broken> {};

TEST_P(Trends, AreFailed) {
  const auto is_blamed = [](const SoakResult& result) {
    return Blamed(result).contains(GetParam().requirement) && result.summary.verdict == "fail";
  };
  const auto result = SoakUntil(Steady(), GetParam().defect, is_blamed);
  EXPECT_TRUE(is_blamed(result)) << Describe(result);
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
  auto plan = Steady();
  // A busy machine answers later; that is not what is looked at here.
  plan.limits.trends.latency_ms_per_hour = 1e9;
  const auto is_good = [](const SoakResult& result) { return result.violations.empty(); };
  const auto result = SoakUntil(plan, "none", is_good);
  EXPECT_TRUE(is_good(result)) << Describe(result);
}

}  // namespace
}  // namespace touchstone::testing
