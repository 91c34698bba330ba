// Tool calls as their provider sees them, and what is left of them in the process table.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

using Call = FakeProvider::Call;

Json Command(const std::string& command) {
  return {{{"id", "c1"}, {"name", "run_command"}, {"arguments", {{"command", command}}}}};
}

// Empty if it cannot be read: a process may be gone by now.
std::string FileText(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char bytes[4096];
  ssize_t count;
  while (fd >= 0 && (count = read(fd, bytes, sizeof bytes)) > 0) {
    text.append(bytes, static_cast<size_t>(count));
  }
  if (fd >= 0) close(fd);
  return text;
}

// How many processes have `word` in their command line.
int CountProcesses(const std::string& word) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    count += FileText(entry.path() / "cmdline").find(word) != std::string::npos;
  }
  return count;
}

// A number of seconds that no other process sleeps.
std::string LongSleep() {
  static int n = 0;
  return "sleep 9" + std::to_string(getpid()) + "." + std::to_string(++n);
}
// As the words are in /proc, with NULs between them.
std::string AsCmdline(std::string words) {
  std::replace(words.begin(), words.end(), ' ', '\0');
  return words;
}

std::string WorkFile(const TempDir& dir, const std::string& name) {
  std::error_code none;
  for (const auto& work : std::filesystem::directory_iterator(dir.path() + "/state/work", none)) {
    if (std::filesystem::exists(work.path() / name)) return FileText(work.path() / name);
  }
  return "";
}

const char* const kRunaways[] = {
    "%s & %s",                                     // a child in the background
    "setsid %s & setsid setsid %s & %s",           // left the group and the session
    "(setsid sh -c '%s & %s' &) ; %s",             // and has lost its parents
    "trap '' TERM INT HUP; nohup setsid %s & %s",  // does not listen
    "i=0; while [ $i -lt 99 ]; do setsid %s & i=$((i+1)); done; %s",  // many of them
    "kill -9 $PPID; setsid %s & %s",                                  // killed its keeper
    "setsid %s & kill -STOP $PPID; %s"};                              // stopped its keeper

std::string Fill(std::string text, const std::string& with) {
  for (size_t at; (at = text.find("%s")) != std::string::npos;) text.replace(at, 2, with);
  return text;
}

class Runaway : public testing::TestWithParam<const char*> {};

TEST_P(Runaway, IsGoneAfterTheToolsTime) {
  const std::string sleep = LongSleep();
  TempDir dir;
  FakeProvider provider([&](const Call& call) {
    if (call.number == 1) return call.AskFor(Command(Fill(GetParam(), sleep)));
    EXPECT_EQ(CountProcesses(AsCmdline(sleep)), 0);
    call.Answer("done");
  });
  Env env = provider.EnvFor(dir);
  env["ZENE_TOOL_TIMEOUT_MS"] = "150";
  const auto result = OneShot(RunRequest("a", "s", "p", "k").dump() + "\n", env);
  EXPECT_EQ(result.json["text"], "done") << result.out;
  EXPECT_EQ(CountProcesses(AsCmdline(sleep)), 0);
}

TEST_P(Runaway, IsGoneAfterACancel) {
  const std::string sleep = LongSleep();
  TempDir dir;
  FakeProvider provider([&](const Call& call) { call.AskFor(Command(Fill(GetParam(), sleep))); });
  HostProcess host(StreamArgs(), provider.EnvFor(dir));
  host.SendLine(RunRequest("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return CountProcesses(AsCmdline(sleep)) > 0; }));
  host.SendLine({{"protocol_version", 1},
                 {"type", "cancel"},
                 {"request_id", "c"},
                 {"session_id", "s"},
                 {"target_request_id", "a"}});
  EXPECT_EQ(host.Await("final", "a")["status"], "CANCELED");
  EXPECT_TRUE(Eventually([&] { return CountProcesses(AsCmdline(sleep)) == 0; }, 2000));
}

TEST_P(Runaway, IsGoneWhenTheHostHasExited) {
  const std::string sleep = LongSleep();
  TempDir dir;
  FakeProvider provider([&](const Call& call) { call.AskFor(Command(Fill(GetParam(), sleep))); });
  for (const bool stream : {true, false}) {
    Env env = provider.EnvFor(dir);
    env["ZENE_CANCEL_GRACE_MS"] = "50";
    HostProcess host(stream ? StreamArgs() : std::vector<std::string>{"host"}, env);
    host.SendLine(RunRequest("a", "s", "p", stream ? "k" : "l"));
    ASSERT_TRUE(Eventually([&] { return CountProcesses(AsCmdline(sleep)) > 0; }));
    host.Signal(SIGTERM);
    EXPECT_EQ(host.Wait(3000), 0);
    EXPECT_EQ(CountProcesses(AsCmdline(sleep)), 0) << stream;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Runaway, testing::ValuesIn(kRunaways));

TEST(Tool, ProcessesDieWithAKilledHost) {
  for (size_t i = 0; i < 5; ++i) {  // the others have got rid of their keeper on purpose
    const std::string sleep = LongSleep();
    TempDir dir;
    FakeProvider provider(
        [&](const Call& call) { call.AskFor(Command(Fill(kRunaways[i], sleep))); });
    HostProcess host({"host"}, provider.EnvFor(dir));
    host.SendLine(RunRequest("a", "s", "p", "k"));
    ASSERT_TRUE(Eventually([&] { return CountProcesses(AsCmdline(sleep)) > 0; }));
    host.Signal(SIGKILL);
    EXPECT_TRUE(Eventually([&] { return CountProcesses(AsCmdline(sleep)) == 0; }, 2000)) << i;
  }
}

TEST(Tool, SeesNoKeyAnywhere) {
  TempDir dir;
  FakeProvider provider([](const Call& call) {
    if (call.number == 2) return call.Answer("done");
    call.AskFor(
        Command("env; cat /proc/$PPID/environ /proc/$PPID/cmdline; "
                "cat /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/environ; ls -l /proc/$$/fd"));
  });
  OneShot(RunRequest("a", "s", "p", "k").dump() + "\n", provider.EnvFor(dir));
  const std::string shown = provider.call(1).prompt;
  EXPECT_NE(shown.find("PATH="), std::string::npos);
  EXPECT_NE(shown.find("ZENE_STATE_DIR"), std::string::npos)
      << "the host's environment was not seen";
  EXPECT_EQ(shown.find("canary"), std::string::npos) << shown;
  EXPECT_EQ(shown.find(" 3 -> "), std::string::npos) << shown;
  EXPECT_EQ(shown.find("state.db"), std::string::npos) << shown;
}

TEST(Tool, UsageOfAllCallsIsAddedUp) {
  TempDir dir;
  FakeProvider provider([](const Call& call) {
    if (call.number == 3) return call.Answer("done");
    call.AskFor(Command("echo " + std::to_string(call.number)));
  });
  const auto result =
      OneShot(RunRequest("a", "s", "p", "k").dump() + "\n", provider.EnvFor(dir), true);
  EXPECT_EQ(result.json["usage"]["prompt_tokens"], 9);
  EXPECT_EQ(result.json["usage"]["completion_tokens"], 12);
  EXPECT_EQ(provider.call(0).body["tools"].size(), 4u);
  const Json messages = provider.call(2).body["messages"];
  EXPECT_EQ(messages.size(), 5u);
  EXPECT_EQ(messages[1]["tool_calls"][0]["function"]["arguments"], R"({"command":"echo 1"})");
  EXPECT_EQ(messages[2]["tool_call_id"], "c1");
  EXPECT_EQ(messages[2]["content"], "1\n");
}

TEST(Tool, AnthropicUsesAndResults) {
  TempDir dir;
  FakeProvider provider([](const Call& call) {
    const auto use = [](const char* id, const std::string& command) {
      return Json{{"type", "tool_use"},
                  {"id", id},
                  {"name", "run_command"},
                  {"input", {{"command", command}}}};
    };
    const Json text = {{"type", "text"}, {"text", call.number == 1 ? "look:" : "done"}};
    Json content = {text};
    if (call.number == 1) content = {text, use("t1", "echo one"), use("t2", "exit 3")};
    call.AnswerJson({{"content", content}, {"usage", {{"input_tokens", 3}, {"output_tokens", 4}}}});
  });
  Env env = provider.EnvFor(dir);
  env["LLM_PROVIDER"] = "anthropic";
  const auto result = OneShot(RunRequest("a", "s", "p", "k").dump() + "\n", env);
  EXPECT_EQ(result.json["text"], "done") << result.out;
  EXPECT_EQ(result.json["usage"]["total_tokens"], 14);
  const Call first = provider.call(0);
  EXPECT_NE(first.head.find("x-api-key: sk-canary-0123456789"), std::string::npos);
  EXPECT_NE(first.head.find("POST /v1/v1/messages"), std::string::npos);
  EXPECT_EQ(first.body["tools"][0]["input_schema"]["required"][0], "command");
  const Json messages = provider.call(1).body["messages"];
  ASSERT_EQ(messages.size(), 3u) << messages;
  EXPECT_EQ(messages[1]["content"][0]["text"], "look:");
  EXPECT_EQ(messages[1]["content"][1]["input"]["command"], "echo one");
  EXPECT_EQ(messages[2]["role"], "user");
  ASSERT_EQ(messages[2]["content"].size(), 2u);
  EXPECT_EQ(messages[2]["content"][0]["tool_use_id"], "t1");
  EXPECT_EQ(messages[2]["content"][0]["content"], "one\n");
  EXPECT_EQ(messages[2]["content"][1]["content"], "[exit status 3]");
}

// CRASH-03: killed at any moment, the effect is there at most once; it is there exactly once if the
// provider is shown a result.
TEST(Tool, EffectsAreNotDoubledByAKillAndARetry) {
  constexpr int kTrials = 240;
  std::mt19937 random(5);
  int unknown = 0;
  int recorded = 0;
  for (int i = 0; i < kTrials; ++i) {
    TempDir dir;
    FakeProvider provider([](const Call& call) {
      if (call.body["messages"].back()["role"] == "tool") return call.Answer("done");
      call.AskFor(Command("echo effect >> log; echo written"));
    });
    {
      HostProcess host({"host"}, provider.EnvFor(dir));
      host.SendLine(RunRequest("a", "s", "p", "k"));
      ASSERT_TRUE(Eventually([&] { return provider.calls() > 0; }));
      usleep(random() % 9000);
      host.Signal(SIGKILL);
      host.Wait();
    }
    const auto result = OneShot(RunRequest("b", "s", "p", "k").dump() + "\n", provider.EnvFor(dir));
    ASSERT_EQ(result.json["text"], "done") << result.out;
    const std::string log = WorkFile(dir, "log");
    ASSERT_LE(log.size(), strlen("effect\n")) << i;
    if (result.json.contains("replayed")) continue;
    const std::string shown = provider.call(static_cast<size_t>(provider.calls()) - 1).prompt;
    if (shown.find("outcome unknown") != std::string::npos) {
      ++unknown;
    } else {
      ++recorded;
      ASSERT_EQ(shown, "written\n");
      ASSERT_EQ(log, "effect\n") << i;
    }
  }
  EXPECT_GT(unknown, 0);
  EXPECT_GT(recorded, 0);
}

TEST(Tool, ASecondEqualCallOfOneRunIsMade) {
  TempDir dir;
  FakeProvider provider([](const Call& call) {
    if (call.number % 3 == 0) {
      if (call.number == 3) return call.AwaitClose(), void();
      return call.Answer("done");
    }
    call.AskFor(Command("echo effect >> log; wc -l < log"));
  });
  Json run = RunRequest("a", "s", "p", "k");
  run["timeout_ms"] = 400;
  EXPECT_EQ(OneShot(run.dump() + "\n", provider.EnvFor(dir)).json["status"], "TIMEOUT");
  EXPECT_EQ(provider.call(2).prompt, "2\n");
  const auto retry = OneShot(RunRequest("b", "s", "p", "k").dump() + "\n", provider.EnvFor(dir));
  EXPECT_EQ(retry.json["text"], "done");
  EXPECT_EQ(provider.call(4).prompt, "1\n");
  EXPECT_EQ(provider.call(5).prompt, "2\n");
  EXPECT_EQ(WorkFile(dir, "log"), "effect\neffect\n");
}

}  // namespace
}  // namespace refhost
