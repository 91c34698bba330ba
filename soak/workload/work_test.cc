#include "soak/workload/work.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <map>
#include <set>

#include "soak/workload/make_work.h"

namespace touchstone::soak {
namespace {

Mix Default() { return *FindMix(std::string(TOUCHSTONE_SOURCE_DIR) + "/soak/mixes", "default"); }

WorkSource::Options Options(WorkMode mode = WorkMode::kStream) {
  return {.mode = mode, .tools = true, .seed = 7, .prefix = "p"};
}

Mix Only(RequestKind kind) {
  Mix mix;
  mix.weight(kind) = 1;
  return mix;
}

// Answers all that is right, as a good host would.
std::vector<Work> Play(WorkSource& source, int n) {
  std::vector<Work> played;
  for (int i = 0; i < n; ++i) {
    played.push_back(source.Next(i * 0.02));
    for (const auto& line : played.back().lines) {
      if (line.right.front() == "OK") source.Answered(line, i * 0.02);
    }
  }
  return played;
}

std::vector<std::string> Bytes(const std::vector<Work>& works) {
  std::vector<std::string> bytes;
  for (const auto& work : works) {
    for (const auto& line : work.lines) bytes.push_back(line.bytes);
  }
  return bytes;
}

boost::json::object Json(const WorkLine& line) {
  return boost::json::parse(line.bytes).as_object();
}

TEST(WorkSource, TheSeedDecides) {
  WorkSource a(Default(), Options()), b(Default(), Options());
  auto other = Options();
  other.seed = 8;
  WorkSource c(Default(), other);
  const auto bytes = Bytes(Play(a, 500));
  EXPECT_EQ(bytes, Bytes(Play(b, 500)));
  EXPECT_NE(bytes, Bytes(Play(c, 500)));
}

TEST(WorkSource, GoesOnWhereItWas) {
  Mix mix = Default();
  mix.weight(RequestKind::kReplay) = 0;  // what may be replayed is not saved
  WorkSource whole(mix, Options()), begun(mix, Options());
  Play(whole, 300);
  Play(begun, 300);
  auto options = Options();
  options.position = begun.position();
  WorkSource resumed(mix, options);
  EXPECT_EQ(Bytes(Play(resumed, 300)), Bytes(Play(whole, 300)));
}

TEST(WorkSource, KindsComeAsTheyAreWeighed) {
  const Mix mix = Default();
  WorkSource source(mix, Options());
  std::map<RequestKind, int> seen;
  for (const auto& work : Play(source, 50'000)) ++seen[work.kind];
  for (int i = 0; i < kRequestKinds; ++i) {
    const auto kind = static_cast<RequestKind>(i);
    const double expected = 50.0 * mix.weight(kind);  // all weights are 1000
    EXPECT_NEAR(seen[kind], expected, 5 * std::sqrt(expected) + 5) << ToString(kind);
  }
}

TEST(WorkSource, AllIdsDiffer) {
  WorkSource source(Default(), Options());
  std::set<std::string> ids;
  std::size_t lines = 0;
  for (const auto& work : Play(source, 3000)) {
    for (const auto& line : work.lines) ids.insert(line.request_id), ++lines;
  }
  for (int i = 0; i < 50; ++i) {
    for (const auto& line : source.Canary().lines) ids.insert(line.request_id), ++lines;
  }
  EXPECT_EQ(ids.size(), lines);
}

TEST(WorkSource, LinesAreRequestsWithTheirId) {
  WorkSource source(Default(), Options());
  for (const auto& work : Play(source, 3000)) {
    ASSERT_FALSE(work.lines.empty());
    EXPECT_EQ(work.lines[0].when, SendWhen::kAtOnce);
    for (const auto& line : work.lines) {
      EXPECT_EQ(line.bytes.find('\n'), std::string::npos);
      EXPECT_FALSE(line.right.empty());
      EXPECT_FALSE(line.requirement.empty());
      if (line.may_be_unknown) continue;
      EXPECT_EQ(Json(line).at("request_id").as_string(), line.request_id);
      if (line.role == LineRole::kInvalid) continue;
      EXPECT_EQ(Json(line).at("protocol_version").as_int64(), 1);
    }
  }
}

TEST(WorkSource, RunsThatFollowEachOtherHaveDifferentTexts) {
  WorkSource source(Only(RequestKind::kOk), Options());
  for (int i = 0; i < 100; ++i) {
    const auto text = source.Next(0).lines[0].text;
    EXPECT_NE(text, source.Next(0).lines[0].text);
  }
}

TEST(WorkSource, ReplaysOnlyWhatWasAnsweredNotLongAgo) {
  WorkSource source(Only(RequestKind::kReplay), Options());
  const auto first = source.Next(0);
  EXPECT_EQ(first.kind, RequestKind::kOk);  // there is nothing to replay
  source.Answered(first.lines[0], 1);
  const auto replay = source.Next(2);
  ASSERT_EQ(replay.kind, RequestKind::kReplay);
  EXPECT_EQ(replay.lines[0].right, std::vector<std::string>{"OK replayed"});
  EXPECT_EQ(replay.lines[0].text, first.lines[0].text);
  EXPECT_EQ(Json(replay.lines[0]).at("idempotency_key"),
            Json(first.lines[0]).at("idempotency_key"));
  EXPECT_EQ(Json(replay.lines[0]).at("session_id"), Json(first.lines[0]).at("session_id"));
  EXPECT_EQ(source.Next(1 + WorkSource::kReplayAgeS + 0.1).kind, RequestKind::kOk);
}

TEST(WorkSource, WhatNoModeOrHostHasBecomesAPlainRun) {
  for (const WorkMode mode : {WorkMode::kOneShot, WorkMode::kBridge}) {
    WorkSource source(Only(RequestKind::kCancel), Options(mode));
    EXPECT_EQ(source.Next(0).kind, RequestKind::kOk);
  }
  auto options = Options();
  options.tools = false;
  WorkSource source(Only(RequestKind::kTools), options);
  EXPECT_EQ(source.Next(0).kind, RequestKind::kOk);
}

TEST(WorkSource, OneShotsSendNoLineThatNeedsARunUnderWay) {
  for (const WorkMode mode : {WorkMode::kOneShot, WorkMode::kBridge}) {
    WorkSource source(Default(), Options(mode));
    for (const auto& work : Play(source, 3000)) {
      for (const auto& line : work.lines) {
        EXPECT_NE(line.when, SendWhen::kAfterAccepted);
        for (const auto& outcome : line.right) {
          EXPECT_NE(outcome, "CANCELED");
          EXPECT_NE(outcome, "DUPLICATE_IN_PROGRESS");
          if (mode == WorkMode::kBridge) {
            EXPECT_TRUE(outcome != "PONG" && outcome != "SESSION_CLOSED") << outcome;
          }
        }
      }
    }
  }
}

TEST(WorkSource, ADuplicateHasTheSameKeyAndAnotherId) {
  WorkSource source(Only(RequestKind::kDuplicate), Options());
  const auto work = source.Next(0);
  auto first = Json(work.lines.at(0)), second = Json(work.lines.at(1));
  EXPECT_NE(first.at("request_id"), second.at("request_id"));
  first.erase("request_id");
  second.erase("request_id");
  EXPECT_EQ(first, second);
}

TEST(WorkSource, ACancelNamesItsRun) {
  WorkSource source(Only(RequestKind::kCancel), Options());
  std::set<std::size_t> ways;
  for (int i = 0; i < 50; ++i) {
    const auto work = source.Next(0);
    EXPECT_EQ(Json(work.lines.at(1)).at("target_request_id"),
              Json(work.lines.at(0)).at("request_id"));
    EXPECT_EQ(work.lines[1].when, SendWhen::kAfterAccepted);
    ways.insert(work.lines[1].right.size());
  }
  EXPECT_EQ(ways, (std::set<std::size_t>{1, 2}));  // surely in time, and perhaps too late
}

TEST(WorkSource, ARetryKeepsTheKey) {
  WorkSource source(Default(), Options());
  for (const auto& work : Play(source, 500)) {
    const auto again = source.Retry(work.lines[0]);
    EXPECT_NE(again.request_id, work.lines[0].request_id);
    if (again.may_be_unknown) continue;
    auto was = Json(work.lines[0]), is = Json(again);
    EXPECT_EQ(is.at("request_id").as_string(), again.request_id);
    was.erase("request_id");
    is.erase("request_id");
    EXPECT_EQ(was, is);
  }
  WorkSource plain(Only(RequestKind::kOk), Options());
  EXPECT_EQ(plain.Retry(plain.Next(0).lines[0]).right,
            (std::vector<std::string>{"OK", "OK replayed"}));
}

TEST(WorkSource, ACanaryIsAnInvalidRequestAndThenAPing) {
  WorkSource source(Default(), Options());
  std::set<std::string> kinds;
  for (int i = 0; i < 200; ++i) {
    const auto canary = source.Canary();
    ASSERT_EQ(canary.lines.size(), 2u);
    EXPECT_EQ(canary.lines[0].role, LineRole::kInvalid);
    EXPECT_EQ(canary.lines[1].when, SendWhen::kAfterAnswer);
    EXPECT_EQ(canary.lines[1].right, std::vector<std::string>{"PONG"});
    kinds.insert(canary.lines[0].requirement);
  }
  EXPECT_GE(kinds.size(), 6u);
}

// Every word of a prompt has a rule, the first that fits is its own, and the answer is the text.
TEST(ProviderRules, AnswerWhatTheWorkExpects) {
  const Mix mix = Default();
  const auto rules = ProviderRules(mix, {});
  WorkSource source(mix, Options());
  std::map<std::string, int> used;
  for (const auto& work : Play(source, 2000)) {
    const auto& line = work.lines[0];
    if (line.role != LineRole::kRun) continue;
    const std::string prompt(Json(line).at("prompt").as_string());
    const boost::json::object* answer = nullptr;
    for (const auto& rule : rules) {
      const auto& match = rule.as_object().at("match").as_object();
      if (prompt.find(match.at("text").as_string()) == std::string::npos) continue;
      answer = rule.as_object().at("respond").if_object();
      ++used[std::string(match.at("text").as_string())];
      break;
    }
    ASSERT_TRUE(answer) << prompt;
    if (!line.text.empty()) {
      EXPECT_EQ(answer->at("text").as_string(), line.text);
    }
  }
  EXPECT_EQ(used.size(), 28u);  // 7 plain, 3 long, 7 slow, 7 with tools, and 4 faults
}

TEST(ProviderRules, AskForTheHostsOwnTool) {
  const auto rules = boost::json::serialize(ProviderRules(Default(), {"bash", "cmd"}));
  EXPECT_NE(rules.find(R"("name":"bash","arguments":"{\"cmd\":\"echo 0\"}")"), std::string::npos);
}

TEST(WorkSource, ReplaysRememberLittle) {
  WorkSource source(Default(), Options());
  std::set<std::string> replayed;
  Play(source, 20'000);  // at 50/s: older than what may be replayed
  for (int i = 0; i < 2000; ++i) {
    const auto work = source.Next(400);
    if (work.kind == RequestKind::kReplay) replayed.insert(work.lines[0].key);
  }
  EXPECT_GE(replayed.size(), 20u);
  EXPECT_LE(replayed.size(), 64u);
}

}  // namespace
}  // namespace touchstone::soak
