// Whatever races with a run's completion, it gets exactly one terminal, and what the next run of
// its session is shown agrees with that terminal (LIFE-01, SESS-05).
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

constexpr int kTrials = 240;
constexpr int kAnswerAfterMs = 8;

enum class Rival { kTimeout, kCancel, kClose };

class Race : public testing::TestWithParam<Rival> {};

Json Request(const std::string& type, int trial) {
  Json request = {{"protocol_version", 1},
                  {"type", type},
                  {"request_id", type + std::to_string(trial)},
                  {"session_id", "s" + std::to_string(trial)}};
  if (type == "cancel") request["target_request_id"] = "r" + std::to_string(trial);
  return request;
}

TEST_P(Race, OneTerminalAndAContextThatAgrees) {
  TempDir dir;
  FakeProvider provider([](const auto& call) {
    if (call.prompt == "race") usleep(kAnswerAfterMs * 1000);
    call.Answer("answered");
  });
  Env env = provider.EnvFor(dir);
  env["ZENE_MAX_CONCURRENCY"] = "16";
  env["ZENE_QUEUE_MAX"] = "1000";
  HostProcess host(StreamArgs(), env);
  std::mt19937 random(7);
  std::map<std::string, std::string> status;  // by request id of the raced run
  const auto take = [&](const Json& line) {
    ASSERT_TRUE(line.is_object());
    if (line["type"] != "final") return;
    const std::string id = line["request_id"];
    ASSERT_FALSE(status.count(id)) << "second terminal for " << id;
    status[id] = line["status"];
  };
  for (int trial = 0; trial < kTrials; ++trial) {
    Json run = RunRequest("r" + std::to_string(trial), "s" + std::to_string(trial), "race", "k");
    if (GetParam() == Rival::kTimeout) run["timeout_ms"] = kAnswerAfterMs - 3 + trial % 8;
    host.SendLine(run);
    if (GetParam() != Rival::kTimeout) {
      ASSERT_TRUE(Eventually([&] { return provider.calls() > trial; }));
      usleep((kAnswerAfterMs - 3) * 1000 + random() % 5000);
      host.SendLine(Request(GetParam() == Rival::kCancel ? "cancel" : "session_close", trial));
    }
    while (!status.count("r" + std::to_string(trial))) take(host.Read());
  }
  // A session that was closed starts empty whatever the run's end was.
  int ok = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const std::string n = std::to_string(trial);
    host.SendLine(RunRequest("next" + n, "s" + n, "next", "k2"));
    while (!status.count("next" + n)) take(host.Read());
    const size_t call = static_cast<size_t>(provider.calls()) - 1;
    const bool kept = status["r" + n] == "OK" && GetParam() != Rival::kClose;
    ok += status["r" + n] == "OK";
    ASSERT_EQ(provider.call(call).body["messages"].size(), kept ? 3u : 1u) << n << status["r" + n];
  }
  EXPECT_GT(ok, 0) << "the race was never won by the answer";
  EXPECT_LT(ok, kTrials) << "the race was always won by the answer";
}

INSTANTIATE_TEST_SUITE_P(Rivals, Race,
                         testing::Values(Rival::kTimeout, Rival::kCancel, Rival::kClose));

TEST(RaceOfProcesses, IdenticalRunsFromManyProcessesReachTheProviderOnce) {
  TempDir dir;
  FakeProvider provider([](const auto& call) {
    usleep(3000);
    call.Answer("once");
  });
  const Env env = provider.EnvFor(dir);
  HostProcess stream(StreamArgs(), env);
  for (int round = 0; round < 20; ++round) {
    const std::string key = std::to_string(round);
    std::vector<std::jthread> threads;
    std::atomic<int> answered{0};
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        answered +=
            OneShot(RunRequest("o", "s", "p", key).dump(), env, i % 2).json["text"] == "once";
      });
    }
    stream.SendLine(RunRequest("r" + key, "s", "p", key));
    threads.clear();
    ASSERT_EQ(answered, 4);
    ASSERT_EQ(provider.calls(), round + 1);
  }
}

}  // namespace
}  // namespace refhost
