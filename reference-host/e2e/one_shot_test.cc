#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

std::string RunLine(const std::string& id, const std::string& session, const std::string& prompt,
                    const std::string& key, int timeout_ms = 0) {
  Json run = RunRequest(id, session, prompt, key);
  if (timeout_ms) run["timeout_ms"] = timeout_ms;
  return run.dump() + "\n";
}

TEST(OneShot, AnswersAndReplaysAcrossProcesses) {
  TempDir dir;
  FakeProvider provider([](const auto& call) { call.Answer("four"); });
  const Env env = provider.EnvFor(dir);
  auto first = OneShot(RunLine("a", "s", "2+2", "k"), env);
  EXPECT_EQ(first.json["text"], "four");
  EXPECT_EQ(first.json["usage"]["total_tokens"], 7);
  EXPECT_EQ(first.status, 0);
  auto second = OneShot(RunLine("b", "s", "2+2", "k"), env, true);
  EXPECT_EQ(second.json["text"], "four");
  EXPECT_EQ(second.json["replayed"], true);
  OneShot(RunLine("c", "s", "more", "k2"), env);
  EXPECT_EQ(provider.calls(), 2);
  EXPECT_EQ(provider.call(1).body["messages"].size(), 3u);
  EXPECT_NE(provider.call(0).head.find("Bearer sk-canary-0123456789"), std::string::npos);
}

TEST(OneShot, BadInputIsInvalidRequestWithExit2) {
  TempDir dir;
  Env env = EchoEnv(dir);
  env["ZENE_STDIN_TIMEOUT_MS"] = "200";
  env["ZENE_MAX_REQUEST_BYTES"] = "1024";
  const std::vector<std::string> inputs = {"",
                                           "\n",
                                           "{}\n",
                                           "[]",
                                           std::string(1025, 'x'),
                                           "  \r\n",
                                           "{\"a\":1}\x00",
                                           "{\"request_id\":\"q\"}"};
  for (const auto& input : inputs) {
    for (bool bridge : {false, true}) {
      auto result = OneShot(input, env, bridge);
      EXPECT_EQ(result.status, 2) << input;
      ASSERT_TRUE(result.json.is_object()) << result.out;
      const Json code = bridge ? result.json["error_code"] : result.json["error"]["code"];
      EXPECT_EQ(code, "INVALID_REQUEST");
    }
  }
  HostProcess silent({"host"}, env);
  EXPECT_EQ(silent.Read(3000)["error"]["code"], "INVALID_REQUEST");
  EXPECT_EQ(silent.Wait(), 2);
}

TEST(OneShot, PingAndClose) {
  TempDir dir;
  const Env env = EchoEnv(dir);
  auto ping = OneShot(R"({"protocol_version":1,"type":"ping","request_id":"p"})", env, true);
  EXPECT_EQ(ping.json["ok"], true);
  EXPECT_EQ(ping.status, 0);
  auto close = OneShot(
      R"({"protocol_version":1,"type":"session_close","request_id":"p","session_id":"s"})", env);
  EXPECT_EQ(close.json["status"], "SESSION_CLOSED");
  auto cancel =
      OneShot(R"({"protocol_version":1,"type":"cancel","request_id":"p","session_id":"s",)"
              R"("target_request_id":"x"})",
              env, true);
  EXPECT_EQ(cancel.json["error_code"], "INVALID_REQUEST");
}

TEST(OneShot, ConfigurationErrorsAreExit3) {
  for (const auto& [name, value] : Env{{"ZENE_MAX_CONCURRENCY", "0"},
                                       {"ZENE_QUEUE_MAX", "1.5"},
                                       {"LLM_PROVIDER", "skynet"},
                                       {"ZENE_LOG_LEVEL", "loud"},
                                       {"ZENE_IDEMPOTENCY_REPLAY_MARKER", "maybe"}}) {
    TempDir dir;
    Env env = EchoEnv(dir);
    env[name] = value;
    auto result = OneShot(RunLine("a", "s", "p", "k"), env, true);
    EXPECT_EQ(result.json["error_code"], "INTERNAL") << name;
    EXPECT_EQ(result.json["request_id"], "a");
    EXPECT_EQ(result.status, 3);
    HostProcess stream(StreamArgs(), env);
    EXPECT_EQ(stream.Wait(), 3);
    EXPECT_TRUE(stream.StdoutEnded());
    EXPECT_NE(stream.ReadStderr().find(name), std::string::npos);
  }
}

TEST(OneShot, StateDirectoryIsPrivate) {
  TempDir dir;
  OneShot(RunLine("a", "s", "p", "k"), EchoEnv(dir));
  struct stat status;
  ASSERT_EQ(stat((dir.path() + "/state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(dir.path() + "/state")) {
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST(OneShot, DamagedStateIsRefusedAndNeverOverwritten) {
  const auto damage = [](const std::string& kind, const std::string& path) {
    const auto size = std::filesystem::file_size(path);
    if (kind == "emptied") std::filesystem::resize_file(path, 0);
    if (kind == "halved") std::filesystem::resize_file(path, size / 2);
    if (kind == "overwritten") std::ofstream(path) << std::string(size, 'x');
  };
  for (const std::string kind : {"emptied", "halved", "overwritten"}) {
    TempDir dir;
    const Env env = EchoEnv(dir);
    for (int i = 0; i < 40; ++i) OneShot(RunLine("a", "s", "p", std::to_string(i)), env);
    for (const std::string name : {"state.db-wal", "state.db-shm"}) {
      std::filesystem::remove(dir.path() + "/state/" + name);
    }
    damage(kind, dir.path() + "/state/state.db");
    auto result = OneShot(RunLine("a", "s", "p", "k"), env);
    EXPECT_EQ(result.json["error"]["code"], "INTERNAL") << kind << result.out;
    EXPECT_EQ(result.status, 3) << kind;
  }
}

TEST(OneShot, WaitsForTheSamePairInAnotherProcess) {
  TempDir dir;
  std::atomic<bool> open{false};
  FakeProvider provider([&](const auto& call) {
    Eventually([&] { return open.load(); });
    call.Answer("once");
  });
  const Env env = provider.EnvFor(dir);
  std::vector<std::jthread> threads;
  std::atomic<int> replayed{0}, ok{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      auto result = OneShot(RunLine("r" + std::to_string(i), "s", "p", "k"), env, i % 2);
      ok += result.json.value("text", "") == "once";
      replayed += result.json.value("replayed", false);
    });
  }
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  open = true;
  threads.clear();
  EXPECT_EQ(ok, 6);
  EXPECT_EQ(replayed, 5);
  EXPECT_EQ(provider.calls(), 1);
}

// One process once took the log of another, which was just as new, for that of a lost database.
TEST(OneShot, ManyProcessesMakeTheStateDirectoryTogether) {
  for (int round = 0; round < 20; ++round) {
    TempDir dir;
    std::vector<std::jthread> threads;
    std::atomic<int> ok{0};
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        ok += OneShot(RunLine("r", "s", "p", std::to_string(i)), EchoEnv(dir)).status == 0;
      });
    }
    threads.clear();
    ASSERT_EQ(ok, 8);
  }
}

TEST(OneShot, SessionIsOneAtATimeAcrossProcesses) {
  TempDir dir;
  std::atomic<int> inside{0}, most{0};
  FakeProvider provider([&](const auto& call) {
    const int now = ++inside;
    if (now > most) most = now;
    usleep(20000);
    --inside;
    call.Answer("fine");
  });
  const Env env = provider.EnvFor(dir);
  std::vector<std::jthread> threads;
  std::atomic<int> ok{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      ok +=
          OneShot(RunLine("r", "s", "p", std::to_string(i)), env).json.value("status", "") == "OK";
    });
  }
  threads.clear();
  EXPECT_EQ(ok, 8);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(provider.call(7).body["messages"].size(), 15u);
}

TEST(OneShot, KilledOwnerIsTakenOver) {
  TempDir dir;
  FakeProvider provider([](const auto& call) {
    if (call.number == 1) {
      call.AwaitClose();
    } else {
      call.Answer("second");
    }
  });
  const Env env = provider.EnvFor(dir);
  HostProcess first({"host"}, env);
  first.Send(RunLine("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  HostProcess waiting({"host"}, env);
  waiting.Send(RunLine("b", "s", "p", "k"));
  EXPECT_FALSE(waiting.ReadLine(100).has_value());
  first.Signal(SIGKILL);
  const int64_t start = NowMs();
  EXPECT_EQ(waiting.Read()["text"], "second");
  EXPECT_LT(NowMs() - start, 4000);
}

TEST(OneShot, CloseInAnotherProcessEndsTheRun) {
  TempDir dir;
  std::atomic<int> closed{0};
  FakeProvider provider([&](const auto& call) { closed += call.AwaitClose(); });
  const Env env = provider.EnvFor(dir);
  HostProcess host({"host"}, env);
  host.Send(RunLine("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  OneShot(R"({"protocol_version":1,"type":"session_close","request_id":"c","session_id":"s"})",
          env);
  EXPECT_EQ(host.Read()["status"], "CANCELED");
  EXPECT_TRUE(Eventually([&] { return closed == 1; }));
}

TEST(OneShot, SigtermGivesTheGraceThenInternal) {
  TempDir dir;
  FakeProvider provider([](const auto& call) { call.AwaitClose(); });
  Env env = provider.EnvFor(dir);
  env["ZENE_CANCEL_GRACE_MS"] = "200";
  HostProcess host({"host", "--bridge-compat"}, env);
  host.Send(RunLine("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  host.Signal(SIGTERM);
  EXPECT_EQ(host.Read()["error_code"], "INTERNAL");
  EXPECT_EQ(host.Wait(1000), 0);
}

TEST(OneShot, ReaderThatHasGoneDoesNotCancel) {
  TempDir dir;
  std::atomic<bool> open{false};
  FakeProvider provider([&](const auto& call) {
    Eventually([&] { return open.load(); });
    call.Answer("kept");
  });
  const Env env = provider.EnvFor(dir);
  HostProcess host({"host"}, env);
  host.Send(RunLine("a", "s", "p", "k"));
  host.CloseStdin();
  host.CloseStdout();
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  open = true;
  EXPECT_EQ(host.Wait(), 4);
  auto retry = OneShot(RunLine("b", "s", "p", "k"), env);
  EXPECT_EQ(retry.json["text"], "kept");
  EXPECT_EQ(retry.json["replayed"], true);
}

TEST(OneShot, UsageErrorsAreExit2WithNothingOnStdout) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"hots"},
      {"host", "--protocol", "v2"},
      {"host", "--frobnicate"},
      {"host", "extra"},
      {"host", "--bridge-compat", "--single-request=false"},
      {"host", "--stdin-timeout-ms", "x"},
      {"host", "--single-request=maybe"},
      {"host", "--protocol"}};
  for (const auto& args : lines) {
    HostProcess host(args, {});
    EXPECT_EQ(host.Wait(), 2);
    EXPECT_TRUE(host.StdoutEnded());
    EXPECT_NE(host.ReadStderr().find("usage:"), std::string::npos);
  }
  for (const std::string flag : {"--help", "--version"}) {
    HostProcess host({flag}, {});
    EXPECT_EQ(host.Wait(), 0);
    EXPECT_TRUE(host.ReadLine().has_value());
  }
}

TEST(OneShot, ReplayMarkerCanBeSwitchedOff) {
  TempDir dir;
  Env env = EchoEnv(dir);
  env["ZENE_IDEMPOTENCY_REPLAY_MARKER"] = "false";
  OneShot(RunLine("a", "s", "p", "k"), env);
  EXPECT_FALSE(OneShot(RunLine("b", "s", "other", "k"), env).json.contains("replayed"));
  EXPECT_EQ(OneShot(RunLine("c", "s", "other", "k"), env, true).json["text"], "echo: p");
}

TEST(OneShot, TheKeyIsWrittenNowhere) {
  TempDir dir;
  FakeProvider provider([](const auto& call) {
    const std::string quote = "{\"error\":\"bad key sk-canary-0123456789\"}";
    if (call.number > 1) return call.Answer("fine");
    call.Send("HTTP/1.1 400 sk-canary-0123456789\r\nContent-Length: " +
              std::to_string(quote.size()) + "\r\n\r\n" + quote);
  });
  Env env = provider.EnvFor(dir);
  env["ZENE_LOG_LEVEL"] = "trace";
  for (const std::string key : {"refused", "answered"}) {
    HostProcess host({"host"}, env);
    host.Send(RunLine("a", "s", "p", key));
    const auto line = host.ReadLine();
    ASSERT_TRUE(line);
    EXPECT_EQ(line->find("canary"), std::string::npos);
    EXPECT_EQ(host.Wait(), 0);
    EXPECT_EQ(host.ReadStderr().find("canary"), std::string::npos);
  }
  for (const auto& entry : std::filesystem::directory_iterator(dir.path() + "/state")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes.find("canary"), std::string::npos) << entry.path();
  }
}

TEST(SelfTest, SaysWhatIsMissing) {
  TempDir dir;
  const auto self_test = [&](const Env& env) {
    HostProcess host({"self-test"}, env);
    Json report = host.Read();
    report["exit"] = host.Wait().value_or(-1);
    return report;
  };
  EXPECT_EQ(self_test(EchoEnv(dir))["exit"], 0);
  Env env = {{"ZENE_STATE_DIR", dir.path() + "/s"}, {"LLM_BASE_URL", "http://127.0.0.1:1/v1"}};
  Json report = self_test(env);
  EXPECT_EQ(report["exit"], 3);
  EXPECT_EQ(report["missing_required_env"][0], "LLM_API_KEY");
  FakeProvider provider([](const auto& call) { call.AwaitClose(); });
  Env hung = provider.EnvFor(dir);
  const int64_t start = NowMs();
  report = self_test(hung);
  EXPECT_LT(NowMs() - start, 5000);
  EXPECT_EQ(report["ok"], false);
  EXPECT_EQ(report.dump().find("sk-canary"), std::string::npos);
}

}  // namespace
}  // namespace refhost
