#include "soak/trends/verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace touchstone::soak {
namespace {

// A good soak of half an hour, which tests then spoil.
class VerdictTest : public ::testing::Test {
 protected:
  VerdictTest() {
    auto& summary = recorded_.summary;
    summary.mode = "S";
    summary.asked_s = summary.soaked_s = kLength;
    summary.segments = {{1000, 0, kLength, "complete"}};
    Fill(summary.host, recorded_.host);
  }

  void Fill(Track& track, TrackSeries& series) {
    std::normal_distribution<double> noise(0, 1);
    for (int i = 1; i <= kLength; ++i) {
      Sample sample;
      sample.at_s = i;
      sample.rss_bytes = static_cast<std::int64_t>((20'000 + 40 * noise(random_)) * 1024);
      sample.descriptors = 12 + (random_() % 4 == 0);
      sample.threads = 9;
      sample.children = random_() % 20 == 0;
      sample.lag_ms = 0.1 + std::abs(noise(random_)) * 0.1;
      series.samples.push_back(sample);
    }
    for (int i = 0; i < kLength / 60; ++i) {
      Window window;
      window.from_s = 60 * i;
      window.seconds = 60;
      window.answered = 3000;
      window.latency.p50_ms = 1.5 + 0.02 * noise(random_);
      track.windows.push_back(window);
      track.answered += window.answered;
    }
  }

  void ForSamples(const std::function<void(Sample&)>& change) {
    for (auto& sample : recorded_.host.samples) change(sample);
  }
  void SlowDown(Track& track, double ms_per_hour) {
    for (auto& window : track.windows) window.latency.p50_ms += ms_per_hour * window.from_s / 3600;
  }

  const Summary& Judged() {
    JudgeSoak(recorded_, {});
    return recorded_.summary;
  }
  void ExpectFail(const std::string& requirement, const std::string& what) {
    Judged();
    EXPECT_EQ(recorded_.summary.verdict, "fail");
    EXPECT_EQ(recorded_.summary.reason.rfind(requirement + ": " + what + " rises by", 0), 0u)
        << recorded_.summary.reason;
    for (const auto& row : recorded_.summary.host.trends)
      EXPECT_EQ(row.verdict == TrendVerdict::kRises, row.what == what) << row.what << row.message;
  }
  void ExpectNotJudged(const std::string& part) {
    Judged();
    EXPECT_EQ(recorded_.summary.verdict, "not judged");
    EXPECT_NE(recorded_.summary.reason.find(part), std::string::npos) << recorded_.summary.reason;
  }

  static constexpr int kLength = 1800;
  std::mt19937_64 random_{1};
  Recorded recorded_;
};

TEST_F(VerdictTest, AGoodSoakPasses) {
  Judged();
  EXPECT_EQ(recorded_.summary.verdict, "pass") << recorded_.summary.reason;
  EXPECT_EQ(recorded_.summary.reason,
            "90000 answers in 1800 s, each as the contract says; nothing rises");
  ASSERT_EQ(recorded_.summary.host.trends.size(), 5u);
  for (const auto& row : recorded_.summary.host.trends) {
    EXPECT_EQ(row.verdict, TrendVerdict::kSteady) << row.what << row.message;
    EXPECT_GE(row.points, 12);
    EXPECT_NE(row.message.find("is ruled out (95 %)"), std::string::npos) << row.message;
  }
}

TEST_F(VerdictTest, MemoryThatLeaksFails) {
  ForSamples([](Sample& s) { s.rss_bytes += static_cast<std::int64_t>(s.at_s * 500'000 / 3600); });
  ExpectFail("LOAD-02", "RSS");
  EXPECT_NEAR(recorded_.summary.host.trends[0].slope_per_hour, 500'000 / 1024.0, 60);
}

TEST_F(VerdictTest, DescriptorsThatLeakFail) {
  ForSamples([](Sample& s) { s.descriptors += static_cast<int>(s.at_s / 200); });
  ExpectFail("LOAD-02", "descriptors");
}

TEST_F(VerdictTest, ThreadsThatLeakFail) {
  ForSamples([](Sample& s) { s.threads += static_cast<int>(s.at_s / 400); });
  ExpectFail("LOAD-02", "threads");
}

TEST_F(VerdictTest, ChildrenThatLeakFail) {
  ForSamples([](Sample& s) { s.children += static_cast<int>(s.at_s / 400); });
  ExpectFail("LOAD-02", "children");
}

TEST_F(VerdictTest, AHostThatSlowsDownFails) {
  SlowDown(recorded_.summary.host, 2);
  ExpectFail("LOAD-04", "latency p50");
}

TEST_F(VerdictTest, OneDescriptorMoreIsNoLeak) {
  ForSamples([](Sample& s) { s.descriptors += s.at_s > 700; });
  EXPECT_EQ(Judged().verdict, "pass") << recorded_.summary.reason;
}

TEST_F(VerdictTest, ACacheThatFillsPassesAndItsWarmUpIsSaid) {
  ForSamples([](Sample& s) {
    s.rss_bytes += static_cast<std::int64_t>(std::min(s.at_s / 400, 1.0) * 8'000'000);
  });
  EXPECT_EQ(Judged().verdict, "pass") << recorded_.summary.reason;
  EXPECT_NEAR(recorded_.summary.host.trends[0].warm_up_s, 400, 60);
}

TEST_F(VerdictTest, ALevelThatIsHigherAfterARestartIsNoLeak) {
  ForSamples([](Sample& s) {
    s.life = s.at_s > 900 ? 2 : 1;
    if (s.life == 2) s.rss_bytes += 5'000'000;
  });
  EXPECT_EQ(Judged().verdict, "pass") << recorded_.summary.reason;
}

TEST_F(VerdictTest, ALeakThatRestartsHideIsSeen) {
  ForSamples([](Sample& s) {
    s.life = static_cast<int>(s.at_s) / 451 + 1;
    s.rss_bytes += static_cast<std::int64_t>((s.at_s - 451 * (s.life - 1)) * 2000);
  });
  ExpectFail("LOAD-02", "RSS");
}

// The heap of a process settles for minutes; who restarts it four times a minute sees nothing else.
TEST_F(VerdictTest, LivesOfSecondsAreWarmUpAndNotJudged) {
  ForSamples([](Sample& s) {
    s.life = static_cast<int>(s.at_s) / 15 + 1;
    s.rss_bytes += static_cast<std::int64_t>((s.at_s - 15 * (s.life - 1)) * 100'000);
  });
  ExpectNotJudged("without 121 of 121 lives, which lasted less than 40 s");
}

TEST_F(VerdictTest, AShortLifeAmongLongOnesIsLeftOut) {
  ForSamples([](Sample& s) {
    s.life = s.at_s > 20 ? 2 : 1;
    if (s.life == 1) s.rss_bytes += static_cast<std::int64_t>(s.at_s * 100'000);
  });
  EXPECT_EQ(Judged().verdict, "pass") << recorded_.summary.reason;
}

TEST_F(VerdictTest, ASegmentBeginsANewLife) {
  recorded_.summary.segments = {{1000, 0, 900, "killed"}, {9000, 900, kLength, "complete"}};
  ForSamples([](Sample& s) {
    if (s.at_s >= 900) s.rss_bytes += 5'000'000;
  });
  EXPECT_EQ(Judged().verdict, "pass") << recorded_.summary.reason;
}

TEST_F(VerdictTest, LatencyThatRisesWithTheJudgesOwnLagIsTheMachines) {
  SlowDown(recorded_.summary.host, 2);
  ForSamples([](Sample& s) { s.lag_ms += 4 * s.at_s / 3600; });
  ExpectNotJudged("the judge's own lag rises as well: this is the machine");
}

// A machine that lags all the time, more or less, has no trend in its lag; latency may have one.
TEST_F(VerdictTest, LatencyWhileTheMachineLagsIsNotLookedAt) {
  SlowDown(recorded_.summary.host, 2);
  ForSamples([](Sample& s) {
    if (s.at_s > 600 && s.at_s < 1500) s.lag_ms = 25;
  });
  ExpectFail("LOAD-04", "latency p50");
  EXPECT_NE(recorded_.summary.reason.find("without 15 of 30 windows, in which the machine lagged"),
            std::string::npos)
      << recorded_.summary.reason;
  ForSamples([](Sample& s) { s.lag_ms = 25; });
  ExpectNotJudged("without 30 of 30 windows, in which the machine lagged");
}

TEST_F(VerdictTest, AMomentOfLagIsNoExcuse) {
  SlowDown(recorded_.summary.host, 2);
  ForSamples([](Sample& s) {
    if (static_cast<int>(s.at_s) % 4 == 0) s.lag_ms = 25;
  });
  ExpectFail("LOAD-04", "latency p50");
}

TEST_F(VerdictTest, LatencyThatRisesAtTheReferenceTooIsTheMachines) {
  SlowDown(recorded_.summary.host, 2);
  recorded_.summary.reference.emplace();
  Fill(*recorded_.summary.reference, recorded_.reference);
  ExpectFail("LOAD-04", "latency p50");
  SlowDown(*recorded_.summary.reference, 2);
  ExpectNotJudged("the reference's rises as well: this is the machine");
}

TEST_F(VerdictTest, AFailureIsAFailureHoweverShortTheSoak) {
  recorded_.summary.host.failures = {{3, "FRAME-01", "a log line on stdout"}};
  recorded_.summary.host.failure_count = 7;
  recorded_.summary.segments[0].ended = "interrupted";
  Judged();
  EXPECT_EQ(recorded_.summary.verdict, "fail");
  EXPECT_EQ(recorded_.summary.reason,
            "7 failures, the first at 3 s: FRAME-01: a log line on stdout");
}

TEST_F(VerdictTest, WhatIsShorterThanAskedIsNotJudged) {
  recorded_.summary.asked_s = 3600;
  ExpectNotJudged("3600 s were asked for, 1800 s were soaked");
  recorded_.summary.asked_s.reset();
  recorded_.summary.asked_requests = 90'001;
  ExpectNotJudged("90001 requests were asked for, 90000 were answered");
}

TEST_F(VerdictTest, WhatEndedEarlyIsNotJudged) {
  for (const char* ended : {"interrupted", "killed", "host failed"}) {
    recorded_.summary.segments[0].ended = ended;
    ExpectNotJudged(std::string("it ended early (") + ended + ")");
  }
  recorded_.summary.segments.clear();
  ExpectNotJudged("it ended early");
}

TEST_F(VerdictTest, WithoutAnswersNothingIsJudged) {
  recorded_.summary.host.answered = 0;
  ExpectNotJudged("nothing was answered");
}

TEST_F(VerdictTest, TooFewPointsAreNotJudged) {
  recorded_.host.samples.resize(50);
  recorded_.summary.asked_s = recorded_.summary.soaked_s = 50;
  recorded_.summary.host.windows.resize(1);
  ExpectNotJudged("LOAD-02 RSS: 10 windows of 5 s after a warm-up of 0 s, at least 12 are needed");
}

TEST_F(VerdictTest, OneShotsHaveNoTrends) {
  recorded_.summary.mode = "O";
  recorded_.host.samples.clear();
  EXPECT_EQ(Judged().verdict, "pass");
  EXPECT_TRUE(recorded_.summary.host.trends.empty());
}

TEST_F(VerdictTest, JudgingTwiceIsJudgingOnce) {
  const auto once = Judged().host.trends.size();
  EXPECT_EQ(Judged().host.trends.size(), once);
}

}  // namespace
}  // namespace touchstone::soak
