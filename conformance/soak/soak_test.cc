#include "conformance/soak/soak.h"

#include <fmt/format.h>

#include <fstream>
#include <thread>

#include "conformance/soak/soak_fixture.h"
#include "soak/record/record_reader.h"

namespace touchstone::testing {
namespace {

using std::chrono::milliseconds;

std::int64_t Sum(const std::map<std::string, std::int64_t>& outcomes) {
  std::int64_t sum = 0;
  for (const auto& [outcome, count] : outcomes) sum += count;
  return sum;
}

TEST_F(SoakTest, AGoodHostAnswersEachLineAsItShould) {
  auto plan = Plan();
  plan.requests = 600;
  plan.arrivals = Constant(200);
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  const auto& host = result.summary.host;
  EXPECT_GE(host.answered, 600);
  EXPECT_EQ(host.answered, host.intended);
  EXPECT_EQ(host.unexpected, 0);
  EXPECT_EQ(Sum(host.outcomes), host.answered);
  for (const char* outcome : {"OK", "OK replayed", "PONG", "INVALID_REQUEST", "CANCELED",
                              "DUPLICATE_IN_PROGRESS", "SESSION_CLOSED", "TIMEOUT"})
    EXPECT_TRUE(host.outcomes.contains(outcome)) << outcome << "\n" << observer_.lines();
  EXPECT_GT(host.windows.size(), 4u);
  EXPECT_GT(host.samples.size(), 10u);
  EXPECT_GT(host.samples.back().rss_bytes, 1 << 20);
  EXPECT_GT(host.samples.back().threads, 1);
  ASSERT_EQ(result.summary.segments.size(), 1u);
  EXPECT_EQ(result.summary.segments.front().ended, "complete");
  EXPECT_NE(observer_.lines().find(R"("kind":"end")"), std::string::npos);
}

// The last pieces have lines that wait for an answer, and no arrival comes behind them.
TEST_F(SoakTest, EndsAsSoonAsTheLastLineIsAnswered) {
  auto plan = Plan();
  plan.mix = Mix("ok-only");
  plan.mix.weights = {};
  plan.mix.weight(soak::RequestKind::kSessionChurn) = 1;
  plan.requests = 20;
  plan.arrivals = Constant(200);
  plan.limits.answer_within = std::chrono::minutes(10);
  const auto result = Soak(plan);
  EXPECT_EQ(result.summary.host.answered, 40) << Describe(result);
  EXPECT_EQ(result.summary.host.outcomes.at("SESSION_CLOSED"), 20);
}

TEST_F(SoakTest, AClosedLoopSaysSo) {
  auto plan = Plan();
  plan.requests = 300;
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  EXPECT_GE(result.summary.host.answered, 300);
  EXPECT_NE(result.summary.arrivals.find("closed loop"), std::string::npos);
}

TEST_F(SoakTest, ProcessesInO) {
  auto plan = Plan(Mode::kOneShot);
  plan.requests = 80;
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  EXPECT_GE(result.summary.host.answered, 80);
  EXPECT_EQ(result.summary.host.answered, result.summary.host.intended);
}

TEST_F(SoakTest, ProcessesInBInAnOpenLoop) {
  auto plan = Plan(Mode::kBridge);
  plan.requests = 60;
  plan.arrivals = Constant(20);
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  EXPECT_GE(result.summary.host.answered, 60);
}

TEST_F(SoakTest, SurvivesItsChaos) {
  auto plan = Plan();
  plan.duration = milliseconds(6000);
  plan.arrivals = Constant(100);
  plan.mix.chaos = {{soak::ChaosKind::kSigterm, 0.5, 100, 0},
                    {soak::ChaosKind::kSigkill, 2, 100, 0},
                    {soak::ChaosKind::kOutage, 3.5, 100, 1}};
  plan.mix.canary_every_s = 1;
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  std::set<std::string> marks;
  for (const auto& mark : result.summary.marks) {
    marks.insert(mark.what);
    EXPECT_GT(mark.until_s, mark.from_s) << mark.what;
  }
  EXPECT_EQ(marks, (std::set<std::string>{"SIGTERM and restart", "SIGKILL and restart",
                                          "provider outage"}));
  EXPECT_GT(result.summary.host.outcomes.at("PROVIDER_DOWN"), 20);
  EXPECT_EQ(result.summary.host.samples.back().life, 3);
}

TEST_F(SoakTest, ChaosAmongProcesses) {
  auto plan = Plan(Mode::kOneShot);
  plan.duration = milliseconds(4000);
  plan.arrivals = Constant(15);
  plan.mix.chaos = {{soak::ChaosKind::kSigterm, 0.5, 1, 0}, {soak::ChaosKind::kSigkill, 1, 1, 0}};
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  EXPECT_GE(result.summary.marks.size(), 4u);
  EXPECT_GE(result.summary.host.answered, 60);
}

// What a closed loop hides: while the host stands still the arrivals go on, and each of them waits.
TEST_F(SoakTest, AStallShowsInTheLatencyOfAllThatCameMeanwhile) {
  auto plan = Plan();
  plan.mix = Mix("ok-only");
  plan.requests = 600;
  plan.arrivals = Constant(100);
  std::jthread stall([this] {
    if (!observer_.Await([](const SoakProgress& p) { return p.answered > 100; })) return;
    EXPECT_TRUE(SignalHost(SIGSTOP));
    std::this_thread::sleep_for(milliseconds(3000));  // the stall itself
    EXPECT_TRUE(SignalHost(SIGCONT));
  });
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  const auto& latency = result.summary.host.latency;
  EXPECT_GT(latency.max_ms, 2500);
  // 300 of 600 were meant to start in these 3 s; a closed loop would have sent 8 of them.
  EXPECT_GT(latency.p90_ms, 1000);
  EXPECT_GT(latency.p99_ms, 2000);
}

TEST_F(SoakTest, AFullTableIsTheHostsFailure) {
  auto plan = Plan();
  plan.mix = Mix("ok-only");
  plan.requests = 400;
  plan.arrivals = Constant(200);
  plan.limits.most_under_way = 20;
  std::jthread stall([this] {
    if (!observer_.Await([](const SoakProgress& p) { return p.answered > 50; })) return;
    EXPECT_TRUE(SignalHost(SIGSTOP));
    observer_.Await([](const SoakProgress& p) { return p.failures > 5; });
    EXPECT_TRUE(SignalHost(SIGCONT));
  });
  const auto result = Soak(plan);
  EXPECT_EQ(Blamed(result), std::set<std::string>{"LOAD-01"}) << Describe(result);
  EXPECT_GT(result.summary.host.outcomes.at("NOT SENT"), 5);
  EXPECT_EQ(result.summary.verdict, "fail");
}

TEST_F(SoakTest, AHostThatDiesIsBlamedAndStartedAgain) {
  auto plan = Plan();
  plan.requests = 500;
  plan.arrivals = Constant(200);
  std::jthread murder([this] {
    if (!observer_.Await([](const SoakProgress& p) { return p.answered > 100; })) return;
    EXPECT_TRUE(SignalHost(SIGKILL));
  });
  const auto result = Soak(plan);
  EXPECT_TRUE(Blamed(result).contains("LOAD-01")) << Describe(result);
  EXPECT_NE(Describe(result).find("ended by itself (signal 9"), std::string::npos)
      << Describe(result);
  EXPECT_EQ(result.summary.host.samples.back().life, 2);
  EXPECT_GE(result.summary.host.outcomes.at("OK"), 200);
  EXPECT_FALSE(result.transcript.empty());
}

TEST_F(SoakTest, AHostThatSaysNothingIsEndedAndInTheEndGivenUp) {
  auto plan = Plan();
  plan.requests = 5000;
  plan.arrivals = Constant(100);
  plan.limits.answer_within = milliseconds(300);
  // It answers the first ping alone, each time it is started.
  const auto host = folder_.path() / "mute";
  WriteFile(host,
            "#!/bin/sh\nread line\nid=${line#*request_id\\\":\\\"}; id=${id%%\\\"*}\n"
            "echo '{\"protocol_version\":1,\"type\":\"ack\",\"status\":\"PONG\",\"request_id\":\"'"
            "$id'\",\"session_id\":null,\"ts_ms\":1}'\nexec sleep 100\n");
  auto rig = BundledRig({}, folder_.path());
  ASSERT_TRUE(rig);
  ReplaceProgram(rig->profile, host.string());
  const auto result = RunSoak(*rig, plan, observer_, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_TRUE(Blamed(*result).contains("LOAD-01")) << Describe(*result);
  EXPECT_EQ(result->summary.verdict, "fail");
  EXPECT_EQ(result->summary.segments.back().ended, "host failed");
}

TEST_F(SoakTest, AHostThatCannotBeStartedFails) {
  auto plan = Plan();
  plan.requests = 10;
  auto rig = BundledRig({}, folder_.path());
  ASSERT_TRUE(rig);
  ReplaceProgram(rig->profile, (folder_.path() / "nothing").string());
  const auto result = RunSoak(*rig, plan, observer_, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->summary.verdict, "fail") << Describe(*result);
  EXPECT_EQ(Blamed(*result), std::set<std::string>{"LOAD-01"});
}

TEST_F(SoakTest, TheReferenceGetsTheSameArrivals) {
  auto plan = Plan();
  plan.requests = 200;
  plan.arrivals = Constant(100);
  auto reference = BundledRig({}, folder_.path());
  ASSERT_TRUE(reference);
  reference->next_play = 1'000'000;
  reference->profile.name = "the other";
  plan.reference = reference.get();
  const auto result = Soak(plan);
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  ASSERT_TRUE(result.summary.reference);
  EXPECT_EQ(result.summary.reference->name, "the other");
  EXPECT_EQ(result.summary.reference->unexpected, 0);
  EXPECT_GE(result.summary.reference->answered, 200);
  EXPECT_FALSE(result.summary.reference->samples.empty());
}

class Stopped : public SoakTest {
 protected:
  SoakPlan Resumable() {
    auto plan = Plan();
    plan.requests = 400;
    plan.arrivals = Constant(200);
    plan.record = folder_.path() / "soak.jsonl";
    plan.checkpoint = folder_.path() / "checkpoint";
    return plan;
  }
  SoakResult SoakUntil(const SoakPlan& plan, std::int64_t answers) {
    std::stop_source stop;
    std::jthread stopper([&] {
      observer_.Await([&](const SoakProgress& p) { return p.answered > answers; });
      stop.request_stop();
    });
    return Soak(plan, {}, stop.get_token());
  }
};

TEST_F(Stopped, TellsWhatWasDone) {
  const auto result = SoakUntil(Resumable(), 50);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.summary.verdict, "not judged") << Describe(result);
  EXPECT_EQ(result.summary.segments.back().ended, "interrupted");
  EXPECT_TRUE(result.violations.empty()) << Describe(result);
  EXPECT_LT(result.summary.host.answered, 400);
  EXPECT_EQ(HostPid(), -1);
}

TEST_F(Stopped, GoesOnWhereItWas) {
  auto plan = Resumable();
  const auto first = SoakUntil(plan, 100);
  plan.resume = true;
  plan.seed = 99;  // the recorded one counts
  const auto second = Soak(plan);
  EXPECT_TRUE(second.violations.empty()) << Describe(second);
  const auto& summary = second.summary;
  ASSERT_EQ(summary.segments.size(), 2u);
  EXPECT_EQ(summary.segments[0].ended, "interrupted");
  EXPECT_EQ(summary.segments[1].ended, "complete");
  EXPECT_GE(summary.segments[1].from_s, summary.segments[0].until_s);
  EXPECT_EQ(summary.seed, 7u);
  EXPECT_GT(summary.host.answered, first.summary.host.answered);
  // All are accounted for; those that were under way when it was stopped may lack an answer.
  EXPECT_GE(summary.host.intended, 400);
  EXPECT_EQ(Sum(summary.host.outcomes), summary.host.intended);
  EXPECT_EQ(summary.host.samples.back().life, 2);
  // Once more: it is complete, and nothing is sent.
  const auto third = Soak(plan);
  EXPECT_EQ(third.summary.host.answered, summary.host.answered);
  EXPECT_EQ(third.summary.segments.size(), 2u);
}

TEST_F(Stopped, ARecordThatEndsInTheMiddleOfALine) {
  auto plan = Resumable();
  SoakUntil(plan, 100);
  std::ofstream(plan.record, std::ios::app) << R"({"kind":"sample","who":"ho)";
  plan.resume = true;
  const auto second = Soak(plan);
  EXPECT_TRUE(second.violations.empty()) << Describe(second);
  EXPECT_EQ(second.summary.segments.size(), 2u);
}

TEST_F(Stopped, AnotherSoakDoesNotGoOnWithIt) {
  auto plan = Resumable();
  SoakUntil(plan, 50);
  plan.resume = true;
  plan.arrivals = Constant(300);
  auto rig = BundledRig({}, folder_.path());
  ASSERT_TRUE(rig);
  const auto other = RunSoak(*rig, plan, observer_, {});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().find("constant 200/s"), std::string::npos) << other.error();
  EXPECT_NE(other.error().find("constant 300/s"), std::string::npos) << other.error();
}

TEST_F(Stopped, WithoutACheckpointItBegins) {
  auto plan = Resumable();
  plan.requests = 50;
  plan.resume = true;
  const auto result = Soak(plan);
  EXPECT_EQ(result.summary.segments.size(), 1u);
  EXPECT_GE(result.summary.host.answered, 50);
}

TEST_F(SoakTest, ARecordThatCannotBeWrittenIsNoSoak) {
  auto plan = Plan();
  plan.record = folder_.path() / "no/such/folder/soak.jsonl";
  plan.requests = 10;
  auto rig = BundledRig({}, folder_.path());
  ASSERT_TRUE(rig);
  const auto result = RunSoak(*rig, plan, observer_, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().find("no/such/folder"), std::string::npos) << result.error();
}

}  // namespace
}  // namespace touchstone::testing
