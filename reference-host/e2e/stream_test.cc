#include <gtest/gtest.h>
#include <unistd.h>

#include <signal.h>
#include <thread>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

Json Cancel(const std::string& id, const std::string& session, const std::string& target) {
  return {{"protocol_version", 1},
          {"type", "cancel"},
          {"request_id", id},
          {"session_id", session},
          {"target_request_id", target}};
}
Json Close(const std::string& id, const std::string& session) {
  return {{"protocol_version", 1},
          {"type", "session_close"},
          {"request_id", id},
          {"session_id", session}};
}
Json Ping(const std::string& id) {
  return {{"protocol_version", 1}, {"type", "ping"}, {"request_id", id}};
}

// Hangs on "hang", answers all else.
void HangOrAnswer(const FakeProvider::Call& call) {
  if (call.prompt.starts_with("hang")) {
    call.AwaitClose();
  } else {
    call.Answer("answer to " + call.prompt);
  }
}

TEST(Stream, AnswersARunWithAckAndFinal) {
  TempDir dir;
  HostProcess host(StreamArgs(), EchoEnv(dir));
  host.SendLine(RunRequest("a", "s", "hello", "k"));
  EXPECT_EQ(host.Read()["status"], "ACCEPTED");
  const Json final = host.Read();
  EXPECT_EQ(final["text"], "echo: hello");
  EXPECT_FALSE(final.contains("replayed"));
  host.SendLine(RunRequest("b", "s", "hello", "k"));
  const Json replay = host.Read();
  EXPECT_EQ(replay["type"], "final");
  EXPECT_EQ(replay["replayed"], true);
  EXPECT_EQ(replay["request_id"], "b");
  host.CloseStdin();
  EXPECT_TRUE(host.StdoutEnded());
  EXPECT_EQ(host.Wait(), 0);
}

TEST(Stream, SurvivesGarbageAndLongLines) {
  TempDir dir;
  Env env = EchoEnv(dir);
  env["ZENE_MAX_REQUEST_BYTES"] = "2048";
  HostProcess host(StreamArgs(), env);
  host.Send("\n  \r\n\x80\xff\nnull\n" + std::string(2049, 'x'));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(host.Read()["error"]["code"], "INVALID_REQUEST") << i;
  host.Send(std::string(100000, 'y') + "\n" + std::string(100000, '[') + "\n");
  EXPECT_EQ(host.Read()["error"]["code"], "INVALID_REQUEST");
  std::string exact = Ping("p").dump();
  exact.insert(exact.size() - 1, ",\"x\":\"" + std::string(2048 - exact.size() - 7, 'z') + "\"");
  ASSERT_EQ(exact.size(), 2048u);
  host.Send(exact + "\r\n");
  EXPECT_EQ(host.Read()["status"], "PONG");
}

TEST(Stream, CancelClosesTheProviderConnection) {
  TempDir dir;
  std::atomic<int> closed{0};
  FakeProvider provider([&](const auto& call) {
    if (call.prompt == "hang" && call.AwaitClose()) ++closed;
    if (call.prompt != "hang") call.Answer("fine");
  });
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "hang", "k"));
  host.SendLine(RunRequest("queued", "s", "queued", "k2"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  host.SendLine(Cancel("c0", "other", "a"));
  EXPECT_EQ(host.Await("error", "c0")["error"]["code"], "INVALID_REQUEST");
  host.SendLine(Cancel("c1", "s", "queued"));
  EXPECT_EQ(host.Await("final", "queued")["status"], "CANCELED");
  host.SendLine(Cancel("c2", "s", "a"));
  EXPECT_EQ(host.Await("final", "a")["status"], "CANCELED");
  EXPECT_TRUE(Eventually([&] { return closed == 1; }));
  host.SendLine(RunRequest("b", "s", "next", "k"));
  EXPECT_EQ(host.Await("final", "b")["status"], "OK");
  EXPECT_EQ(provider.calls(), 2);
  EXPECT_EQ(provider.call(1).body["messages"].size(), 1u);
}

TEST(Stream, TimeoutIsPromptAndLeavesTheSessionUsable) {
  TempDir dir;
  FakeProvider provider(HangOrAnswer);
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  Json run = RunRequest("a", "s", "hang", "k");
  run["timeout_ms"] = 200;
  const int64_t start = NowMs();
  host.SendLine(run);
  const Json final = host.Await("final", "a");
  EXPECT_GE(NowMs() - start, 199);
  EXPECT_LT(NowMs() - start, 2000);
  EXPECT_EQ(final["status"], "TIMEOUT");
  EXPECT_EQ(final["error"]["code"], "TIMEOUT");
  host.SendLine(RunRequest("b", "s", "fine", "k"));
  EXPECT_EQ(host.Await("final", "b")["text"], "answer to fine");
}

TEST(Stream, RunsOfASessionAreOrderedAndOthersAreNotDelayed) {
  TempDir dir;
  std::atomic<bool> open{false};
  FakeProvider provider([&](const auto& call) {
    if (call.prompt == "gate") Eventually([&] { return open.load(); });
    call.Answer(call.prompt);
  });
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "gate", "1"));
  host.SendLine(RunRequest("b", "s", "second", "2"));
  host.SendLine(RunRequest("c", "t", "third", "3"));
  EXPECT_EQ(host.Await("final", "c")["status"], "OK");
  host.SendLine(RunRequest("dup", "s", "gate", "1"));
  EXPECT_EQ(host.Await("ack", "dup")["existing_request_id"], "a");
  host.SendLine(RunRequest("a", "u", "x", "4"));
  EXPECT_EQ(host.Await("error", "a")["error"]["code"], "INVALID_REQUEST");
  open = true;
  EXPECT_EQ(host.Await("final", "b")["status"], "OK");
  EXPECT_EQ(provider.call(2).body["messages"].size(), 3u);
}

TEST(Stream, FullHostIsBusyAtOnce) {
  TempDir dir;
  FakeProvider provider(HangOrAnswer);
  Env env = provider.EnvFor(dir);
  env["ZENE_MAX_CONCURRENCY"] = "2";
  env["ZENE_QUEUE_MAX"] = "1";
  HostProcess host(StreamArgs(), env);
  for (int i = 0; i < 4; ++i) {
    host.SendLine(RunRequest("r" + std::to_string(i), "s" + std::to_string(i), "hang", "k"));
  }
  const Json busy = host.Await("error", "r3");
  EXPECT_EQ(busy["error"]["code"], "BUSY");
  EXPECT_EQ(busy["error"]["http_status"], 429);
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 2; }));
  host.SendLine(Cancel("c", "s0", "r0"));
  EXPECT_EQ(host.Await("final", "r0")["status"], "CANCELED");
  EXPECT_TRUE(Eventually([&] { return provider.calls() == 3; }));
}

TEST(Stream, SessionCloseCancelsAndForgets) {
  TempDir dir;
  FakeProvider provider(HangOrAnswer);
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "one", "1"));
  host.Await("final", "a");
  host.SendLine(RunRequest("b", "s", "hang", "2"));
  host.SendLine(RunRequest("c", "s", "queued", "3"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 2; }));
  host.SendLine(Close("x", "s"));
  host.SendLine(RunRequest("d", "s", "new", "4"));
  EXPECT_EQ(host.Await("ack", "x")["status"], "SESSION_CLOSED");
  int canceled = 0;
  for (const Json& line : host.skipped) canceled += line.value("status", "") == "CANCELED";
  EXPECT_EQ(canceled, 2);
  EXPECT_EQ(host.Await("final", "d")["status"], "OK");
  EXPECT_EQ(provider.call(2).body["messages"].size(), 1u);
  host.SendLine(RunRequest("e", "s", "one", "1"));
  EXPECT_EQ(host.Await("final", "e")["replayed"], true);
}

TEST(Stream, SigtermDrains) {
  TempDir dir;
  FakeProvider provider(HangOrAnswer);
  Env env = provider.EnvFor(dir);
  env["ZENE_CANCEL_GRACE_MS"] = "300";
  HostProcess host(StreamArgs(), env);
  host.SendLine(RunRequest("a", "s", "hang", "1"));
  host.SendLine(RunRequest("q", "s", "queued", "2"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  host.Await("ack", "q");
  const int64_t start = NowMs();
  host.Signal(SIGTERM);
  host.SendLine(RunRequest("n", "t", "new", "3"));  // without waiting: the signal came first
  EXPECT_EQ(host.Await("final", "q")["error"]["code"], "BUSY");
  EXPECT_EQ(host.Await("error", "n")["error"]["code"], "BUSY");
  EXPECT_EQ(host.Await("final", "a")["error"]["code"], "INTERNAL");
  EXPECT_GE(NowMs() - start, 295);
  EXPECT_EQ(host.Wait(1500), 0);
}

TEST(Stream, SecondSigtermExitsAtOnce) {
  TempDir dir;
  FakeProvider provider(HangOrAnswer);
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "hang", "1"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  host.Signal(SIGTERM);
  host.SendLine(RunRequest("n", "t", "new", "3"));
  host.Await("error", "n");
  host.Signal(SIGTERM);
  EXPECT_TRUE(host.Wait(1000).has_value());
}

// It was 4, now and then: a line was answered between the last look at what is written and the
// exit.
TEST(Stream, SigtermExitsWithZeroThoughLinesKeepComing) {
  for (int round = 0; round < 10; ++round) {
    TempDir dir;
    HostProcess host(StreamArgs(), EchoEnv(dir));
    host.SendLine(Ping("p"));
    host.Read();
    std::jthread sender([fd = host.stdin_fd()](std::stop_token stop) {
      const std::string line = Ping("more").dump() + "\n";
      while (!stop.stop_requested() && write(fd, line.data(), line.size()) > 0) {
      }
    });
    std::jthread reader([&host] {
      while (host.ReadLine()) {
      }
    });
    host.Signal(SIGTERM);
    EXPECT_EQ(host.Wait(10000), 0);
    reader.join();
  }
}

TEST(Stream, IdleSigtermExits) {
  TempDir dir;
  HostProcess host(StreamArgs(), EchoEnv(dir));
  host.SendLine(Ping("p"));
  host.Read();
  host.Signal(SIGINT);
  EXPECT_EQ(host.Wait(2000), 0);
}

TEST(Stream, EndOfInputFinishesWhatIsUnderWay) {
  TempDir dir;
  std::atomic<bool> open{false};
  FakeProvider provider([&](const auto& call) {
    Eventually([&] { return open.load(); });
    call.Answer("fine");
  });
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "one", "1"));
  host.SendLine(RunRequest("b", "s", "two", "2"));
  host.CloseStdin();
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  open = true;
  EXPECT_EQ(host.Await("final", "a")["status"], "OK");
  EXPECT_EQ(host.Await("final", "b")["status"], "OK");
  EXPECT_EQ(host.Wait(), 0);
}

TEST(Stream, ReaderGoneIsExit4) {
  TempDir dir;
  FakeProvider provider(HangOrAnswer);
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "hang", "1"));
  ASSERT_TRUE(Eventually([&] { return provider.calls() == 1; }));
  host.CloseStdout();
  host.SendLine(Ping("p"));
  EXPECT_EQ(host.Wait(2500), 4);
}

TEST(Stream, FullStderrBlocksNothing) {
  TempDir dir;
  Env env = EchoEnv(dir);
  env["ZENE_LOG_LEVEL"] = "trace";
  HostProcess host(StreamArgs(), env);
  for (int i = 0; i < 2000; ++i) {  // nobody reads stderr: the pipe holds 64 KiB
    host.SendLine(RunRequest("r" + std::to_string(i), "s", "x", std::to_string(i)));
    ASSERT_EQ(host.Await("final", "r" + std::to_string(i))["status"], "OK");
  }
  host.CloseStderr();
  host.SendLine(RunRequest("last", "s", "x", "last"));
  EXPECT_EQ(host.Await("final", "last")["status"], "OK");
}

TEST(Stream, HostileIdsAreSessionsOfTheirOwn) {
  TempDir dir;
  FakeProvider provider([](const auto& call) { call.Answer("fine"); });
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  const std::string nul("x\0y", 3);
  const std::vector<std::string> ids = {"a:b",    "a",       "A",     "a ", " a",
                                        "../x",   "x/y",     nul,     "x",  std::string(500, 'i'),
                                        "\u00e9", "e\u0301", "\uFFFF"};
  for (const auto& id : ids) {
    host.SendLine(RunRequest("r" + id, id, "p", "c"));
    const Json final = host.Await("final", "r" + id);
    EXPECT_EQ(final["session_id"], id);
    EXPECT_EQ(final["status"], "OK");
    EXPECT_FALSE(final.contains("replayed"));
  }
  ASSERT_EQ(provider.calls(), static_cast<int>(ids.size()));
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(provider.call(i).body["messages"].size(), 1u);
}

}  // namespace
}  // namespace refhost
