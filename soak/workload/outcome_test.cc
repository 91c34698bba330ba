#include "soak/workload/outcome.h"

#include <gtest/gtest.h>

#include "soak/workload/make_work.h"

namespace touchstone::soak {
namespace {

using Outage = Circumstances::Outage;

Work Make(RequestKind kind, WorkMode mode = WorkMode::kStream, bool easy = true) {
  Mix mix;
  mix.weight(kind) = 1;
  WorkSource source(mix, {.mode = mode, .tools = true, .seed = 1, .prefix = "p"});
  Work work = source.Next(0);
  while (kind == RequestKind::kCancel && (work.lines[1].right.size() == 1) != easy)
    work = source.Next(0);
  return work;
}

std::string RequirementOf(const std::optional<Wrong>& wrong) {
  return wrong ? wrong->requirement : "";
}

// "" when it is right.
std::string Judged(RequestKind kind, const std::string& outcome, const Circumstances& during = {},
                   std::size_t line = 0) {
  const auto work = Make(kind);
  return RequirementOf(Judge(work.lines.at(line), {outcome, work.lines[line].text}, during));
}

constexpr Circumstances kPartly{.outage = Outage::kPartly};
constexpr Circumstances kThroughout{.outage = Outage::kThroughout};
constexpr Circumstances kDraining{.draining = true}, kKilled{.killed = true};
constexpr Circumstances kCrowded{.crowded = true};

TEST(Judge, WhatIsRightWhileAllIsWell) {
  using enum RequestKind;
  const struct {
    RequestKind kind;
    const char *right, *wrong, *requirement;
  } kRows[] = {
      {kOk, "OK", "PROVIDER_DOWN", "LOAD-01"},
      {kLong, "OK", "TIMEOUT", "LOAD-01"},
      {kStreamed, "OK", "INTERNAL", "LOAD-01"},
      {kTools, "OK", "INTERNAL", "LOAD-01"},
      {kRateLimited, "PROVIDER_RATE_LIMIT", "PROVIDER_DOWN", "PROV-02"},
      {kDown, "PROVIDER_DOWN", "OK", "PROV-04"},
      {kSlow, "OK", "TIMEOUT", "LOAD-01"},
      {kTimeout, "TIMEOUT", "PROVIDER_DOWN", "TIME-01"},
      {kCancel, "CANCELED", "OK", "CTRL-02"},
      {kMalformed, "INVALID_REQUEST", "OK", "REQ-07"},
      {kPing, "PONG", "BUSY", "CTRL-01"},
      {kDuplicate, "OK", "OK replayed", "LOAD-01"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Judged(row.kind, row.right), "") << ToString(row.kind);
    const auto requirement = Judged(row.kind, row.wrong);
    if (row.kind == kMalformed)
      EXPECT_NE(requirement, "");
    else
      EXPECT_EQ(requirement, row.requirement) << ToString(row.kind);
  }
}

TEST(Judge, AnOutageExcusesRunsAlone) {
  using enum RequestKind;
  EXPECT_EQ(Judged(kOk, "PROVIDER_DOWN", kPartly), "");
  EXPECT_EQ(Judged(kOk, "OK", kPartly), "");
  EXPECT_EQ(Judged(kOk, "PROVIDER_DOWN", kThroughout), "");
  EXPECT_EQ(Judged(kOk, "OK", kThroughout), "LOAD-01");  // nobody can have answered
  EXPECT_EQ(Judged(kOk, "INTERNAL", kThroughout), "LOAD-01");
  EXPECT_EQ(Judged(kOk, "BUSY", kThroughout), "LOAD-01");
  EXPECT_EQ(Judged(kTimeout, "PROVIDER_DOWN", kPartly), "");
  EXPECT_EQ(Judged(kRateLimited, "PROVIDER_DOWN", kPartly), "");
  EXPECT_EQ(Judged(kPing, "PROVIDER_DOWN", kThroughout), "CTRL-01");
  EXPECT_NE(Judged(kMalformed, "PROVIDER_DOWN", kThroughout), "");
}

TEST(Judge, AShutdownExcusesBusyAndInternal) {
  using enum RequestKind;
  for (const char* outcome : {"OK", "BUSY", "INTERNAL"})
    EXPECT_EQ(Judged(kOk, outcome, kDraining), "") << outcome;
  EXPECT_EQ(Judged(kOk, "PROVIDER_DOWN", kDraining), "LOAD-01");
  EXPECT_EQ(Judged(kPing, "BUSY", kDraining), "CTRL-01");
}

TEST(Judge, AfterAKillARunMayStillBeUnderWay) {
  EXPECT_EQ(Judged(RequestKind::kOk, "DUPLICATE_IN_PROGRESS", kKilled), "");
  EXPECT_EQ(Judged(RequestKind::kOk, "INTERNAL", kKilled), "LOAD-01");
}

TEST(Judge, AFullHostMayBeBusy) {
  EXPECT_EQ(Judged(RequestKind::kOk, "BUSY", kCrowded), "");
  EXPECT_EQ(Judged(RequestKind::kPing, "BUSY", kCrowded), "CTRL-01");
  EXPECT_EQ(Judged(RequestKind::kOk, "BUSY"), "LOAD-01");
}

TEST(Judge, OfARefusedRunTheDoubleMayRun) {
  EXPECT_EQ(Judged(RequestKind::kDuplicate, "OK", {}, 1), "IDEM-04");
  for (const auto& during : {kCrowded, kPartly, kDraining, kKilled})
    EXPECT_EQ(Judged(RequestKind::kDuplicate, "OK", during, 1), "");
  EXPECT_EQ(Judged(RequestKind::kDuplicate, "OK", kThroughout, 1), "IDEM-04");
}

TEST(Judge, AReplayNeedsNoProviderAndNoPlace) {
  Mix mix;
  mix.weight(RequestKind::kReplay) = 1;
  WorkSource source(mix, {.seed = 1, .prefix = "p"});
  source.Answered(source.Next(0).lines[0], 0);
  const auto work = source.Next(1);
  const auto& line = work.lines[0];
  for (const auto& during : {kPartly, kThroughout, kDraining, kCrowded}) {
    EXPECT_FALSE(Judge(line, {"OK replayed", line.text}, during));
    EXPECT_EQ(RequirementOf(Judge(line, {"OK", line.text}, during)), "IDEM-01");
    EXPECT_EQ(RequirementOf(Judge(line, {"BUSY", ""}, during)), "IDEM-01");
  }
}

TEST(Judge, TheTextMustBeTheRequestsOwn) {
  const auto line = Make(RequestKind::kOk).lines[0];
  const auto wrong = Judge(line, {"OK", "another's"}, {});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->requirement, "RESP-06");
  EXPECT_NE(wrong->message.find("got \"another's\""), std::string::npos) << wrong->message;
}

TEST(Judge, SaysWhatWasExpectedWhatCameAndWhen) {
  const auto line = Make(RequestKind::kOk).lines[0];
  const auto wrong = Judge(line, {"INTERNAL", ""}, {.outage = Outage::kPartly, .crowded = true});
  ASSERT_TRUE(wrong);
  EXPECT_NE(
      wrong->message.find("request p-0 must be answered OK, PROVIDER_DOWN or BUSY, a provider "
                          "outage began or ended meanwhile, while the host was full, got "
                          "INTERNAL; sent was {\"protocol_version\":1"),
      std::string::npos)
      << wrong->message;
}

TEST(Judge, ACancelMayComeTooLateWhenTheRunEndedEarly) {
  EXPECT_EQ(Judged(RequestKind::kCancel, "CANCEL_ACCEPTED", {}, 1), "");
  EXPECT_EQ(Judged(RequestKind::kCancel, "INVALID_REQUEST", {}, 1), "CTRL-02");
  EXPECT_EQ(Judged(RequestKind::kCancel, "INVALID_REQUEST", kThroughout, 1), "");
  EXPECT_EQ(Judged(RequestKind::kCancel, "INVALID_REQUEST", kDraining, 1), "");
}

TEST(JudgeTogether, ACancelAndItsRunMustAgree) {
  const auto work = Make(RequestKind::kCancel, WorkMode::kStream, false);
  const auto judged = [&](const char* run, const char* cancel, const Circumstances& during = {}) {
    return RequirementOf(JudgeTogether(work, {run, cancel}, during));
  };
  EXPECT_EQ(judged("CANCELED", "CANCEL_ACCEPTED"), "");
  EXPECT_EQ(judged("OK", "INVALID_REQUEST"), "");
  EXPECT_EQ(judged("OK", "CANCEL_ACCEPTED"), "CTRL-02");
  EXPECT_EQ(judged("CANCELED", "INVALID_REQUEST"), "CTRL-02");
  EXPECT_EQ(judged("OK", "CANCEL_ACCEPTED", kDraining), "");
  EXPECT_EQ(judged("OK", ""), "");  // never sent
}

TEST(JudgeTogether, OfTwoRunsOfOneKeyOneIsRun) {
  const auto work = Make(RequestKind::kDuplicate, WorkMode::kOneShot);
  EXPECT_FALSE(JudgeTogether(work, {"OK", "OK replayed"}, {}));
  EXPECT_FALSE(JudgeTogether(work, {"OK replayed", "OK"}, {}));
  EXPECT_EQ(RequirementOf(JudgeTogether(work, {"OK", "OK"}, {})), "IDEM-09");
  EXPECT_EQ(RequirementOf(JudgeTogether(work, {"OK replayed", "OK replayed"}, {})), "IDEM-09");
  EXPECT_FALSE(JudgeTogether(work, {"PROVIDER_DOWN", "PROVIDER_DOWN"}, kThroughout));
}

TEST(JudgeTogether, HasNothingToSayOfOneLine) {
  EXPECT_FALSE(JudgeTogether(Make(RequestKind::kOk), {"OK"}, {}));
}

}  // namespace
}  // namespace touchstone::soak
