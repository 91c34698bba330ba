// The parts of a soak by themselves: no host, no time.
#include <gtest/gtest.h>

#include <fstream>

#include "conformance/soak/checkpoint.h"
#include "conformance/soak/outages.h"
#include "conformance/soak/soak_text.h"
#include "conformance/soak/tally.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using std::chrono::milliseconds;
using Outage = soak::Circumstances::Outage;

TimePoint At(double seconds) {
  return TimePoint(std::chrono::hours(1)) +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

TEST(SoakOutages, ThroughoutPartlyOrNotAtAll) {
  Outages outages;
  EXPECT_EQ(outages.During(At(1), At(1), At(2)), Outage::kNone);
  outages.Began(At(10), At(10.1));
  EXPECT_EQ(outages.During(At(8), At(8), At(9)), Outage::kNone);
  EXPECT_EQ(outages.During(At(9), At(9), At(10.05)), Outage::kPartly);
  EXPECT_EQ(outages.During(At(10.05), At(10.05), At(10.2)), Outage::kPartly);
  EXPECT_EQ(outages.During(At(10.2), At(10.2), At(10.3)), Outage::kThroughout);
  // Sent late: it is the sending that counts for "throughout".
  EXPECT_EQ(outages.During(At(9), At(10.2), At(10.3)), Outage::kThroughout);
  outages.Ended(At(20), At(20.1));
  EXPECT_EQ(outages.During(At(15), At(15), At(19.9)), Outage::kThroughout);
  EXPECT_EQ(outages.During(At(15), At(15), At(20.05)), Outage::kPartly);
  EXPECT_EQ(outages.During(At(22), At(22), At(22.1)), Outage::kPartly);  // recovery: PROV-15
  EXPECT_EQ(outages.During(At(22.2), At(22.2), At(22.3)), Outage::kNone);
}

TEST(SoakOutages, OnlyTheLastOnesAreRemembered) {
  Outages outages;
  for (int i = 0; i < 1000; ++i) {
    outages.Began(At(i * 10), At(i * 10));
    outages.Ended(At(i * 10 + 1), At(i * 10 + 1));
  }
  EXPECT_EQ(outages.During(At(9990.5), At(9990.5), At(9990.6)), Outage::kThroughout);
  EXPECT_EQ(outages.During(At(0.5), At(0.5), At(0.6)), Outage::kNone);
}

Checkpoint Example() {
  Checkpoint checkpoint;
  checkpoint.soaked_s = 12.5;
  checkpoint.starts = 600;
  checkpoint.start_at_ns = 12'345'678'901;
  checkpoint.position = 601;
  checkpoint.segment = 3;
  checkpoint.open_windows = {"{\"kind\":\"window\"}\n"};
  return checkpoint;
}

TEST(SoakCheckpoint, IsReadAsItWasWritten) {
  TestFolder folder;
  const auto file = folder.path() / "state";
  ASSERT_TRUE(WriteCheckpoint(file, {}));
  ASSERT_TRUE(WriteCheckpoint(file, Example()));
  const auto read = ReadCheckpoint(file);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->soaked_s, 12.5);
  EXPECT_EQ(read->starts, 600);
  EXPECT_EQ(read->start_at_ns, 12'345'678'901);
  EXPECT_EQ(read->position, 601);
  EXPECT_EQ(read->segment, 3);
  EXPECT_FALSE(read->complete);
  EXPECT_EQ(read->open_windows, Example().open_windows);
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".new"));
}

TEST(SoakCheckpoint, WhatIsNoneIsRefused) {
  TestFolder folder;
  for (const char* text :
       {"", "[]", "{}", R"({"version":2})", R"({"version":1,"soaked_s":"x"})", "{\"version\":1"}) {
    WriteFile(folder.path() / "bad", text);
    const auto read = ReadCheckpoint(folder.path() / "bad");
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().find("bad: not a checkpoint"), std::string::npos) << read.error();
  }
  EXPECT_FALSE(ReadCheckpoint(folder.path() / "none"));
  EXPECT_FALSE(WriteCheckpoint(folder.path() / "no/folder/state", Example()));
}

TEST(SoakTally, CountsByWindowAndInAll) {
  std::string record;
  soak::RecordWriter writer([&](std::string_view line) { record += line; });
  SoakClock clock{Clock::now(), 100};
  Tally tally(writer, soak::Who::kHost, clock);
  EXPECT_EQ(tally.OpenWindow(), "");
  tally.CloseWindow();
  EXPECT_EQ(record, "");  // nothing was in it
  for (int i = 0; i < 3; ++i) tally.Intended();
  tally.Answered("OK", 5.0, true);
  tally.Answered("BUSY", std::nullopt, false);
  tally.Unanswered("LOST BY SIGKILL", true);
  tally.Fail("LOAD-01", "why");
  const auto open = tally.OpenWindow();
  for (const char* part :
       {R"("kind":"window")", R"("OK":1)", R"("BUSY":1)", R"("LOST BY SIGKILL":1)",
        R"("intended":3)", R"("answered":2)", R"("unexpected":1)", R"("who":"host")"})
    EXPECT_NE(open.find(part), std::string::npos) << part << "\n" << open;
  record.clear();
  tally.CloseWindow();
  EXPECT_NE(record.find(R"("intended":3)"), std::string::npos) << record;
  EXPECT_EQ(tally.OpenWindow(), "");
  tally.Answered("OK", 7.0, true);
  const auto sum = tally.Sum();
  EXPECT_EQ(sum.intended, 3);
  EXPECT_EQ(sum.answered, 3);
  EXPECT_EQ(sum.unexpected, 1);
  EXPECT_EQ(sum.failures, 1);
  EXPECT_EQ(sum.outcomes.at("OK"), 2);
}

TEST(SoakPlanTest, AWindowIsASixtiethOfTheSoak) {
  SoakPlan plan;
  EXPECT_EQ(WindowOf(plan), milliseconds(1000));
  plan.duration = std::chrono::minutes(30);
  EXPECT_EQ(WindowOf(plan), milliseconds(30'000));
  plan.duration = std::chrono::hours(24);
  EXPECT_EQ(WindowOf(plan), milliseconds(60'000));
  plan.duration.reset();
  plan.requests = 6000;
  plan.arrivals = {soak::ArrivalProcess::kConstant, 50};
  EXPECT_EQ(WindowOf(plan), milliseconds(2000));
  plan.window = milliseconds(7);
  EXPECT_EQ(WindowOf(plan), milliseconds(7));
}

TEST(SoakText, OneLineOfProgress) {
  SoakPlan plan;
  plan.duration = std::chrono::hours(24);
  SoakProgress progress;
  progress.soaked_s = 3723;
  progress.per_second = 49.6;
  progress.p99_ms = 4.12;
  progress.rss_bytes = 12 << 20;
  progress.lag_ms = 0.2;
  progress.outcomes = {{"OK", 100}, {"PONG", 7}, {"OK replayed", 20}};
  EXPECT_EQ(FormatSoakProgress(plan, progress, 200),
            "1:02:03 of 24:00:00  50/s  p99 4.1 ms  RSS 12.0 MiB  lag 0.2 ms  100 OK, 20 OK "
            "replayed, 7 PONG");
  progress.failures = 3;
  EXPECT_EQ(FormatSoakProgress(plan, progress, 40), "1:02:03 of 24:00:00  3 FAILED  50/s  p9…");
}

TEST(SoakText, Lengths) {
  EXPECT_EQ(FormatLength(0), "0:00");
  EXPECT_EQ(FormatLength(61.9), "1:01");
  EXPECT_EQ(FormatLength(86400), "24:00:00");
}

}  // namespace
}  // namespace touchstone::testing
