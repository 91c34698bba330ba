// `touchstone provider` as its user meets it: rules, journal, narration.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>

#include "conformance/commands/cli_fixture.h"

namespace touchstone::testing {
namespace {

// What a caller and `touchstone provider` said to each other in a few calls.
struct Played {
  std::string said;
  std::vector<boost::json::object> journal;
};

class CliProvider : public Cli {
 protected:
  // On two connections, one after the other; the second answer of the first is cut off.
  Played Play(std::vector<std::string> more, std::string seed = "3") {
    more.insert(more.begin(), {"provider", "--seed", std::move(seed), "--journal", File("j")});
    Collector sink;
    auto child = Start(more, sink);
    const auto said = sink.AwaitOut("\n");
    const int port = PortIn(said);
    EXPECT_GT(port, 0) << said;
    for (int i = 0; i < 2; ++i) {
      const int fd = Connect(port);
      for (int call = 0; call < 3; ++call) Ask(fd);
      ::close(fd);
    }
    // The journal is written as it happens: all is there before the end.
    EXPECT_TRUE(Holds([&] { return Lines().size() == 8; })) << ReadFile(File("j"));
    child->Signal(SIGINT);
    EXPECT_EQ(child->WaitExit(Clock::now() + kGenerous), (ExitStatus{false, 0}));
    return {sink.All(), Lines()};
  }

  static int PortIn(const std::string& said) {
    return std::atoi(said.c_str() + said.find("http://127.0.0.1:") + 17);
  }
  static int Connect(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static void Ask(int fd) {
    const std::string call =
        "POST /v1/chat/completions?key=sk-query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        "sk-header\r\nContent-Length: 13\r\n\r\n[\"sk-header\"]";
    Say(fd, call);
  }
  // Until the answer, whose body is an object, is complete.
  static void Say(int fd, const std::string& call) {
    EXPECT_EQ(::write(fd, call.data(), call.size()), static_cast<ssize_t>(call.size()));
    std::string answer;
    char buffer[4096];
    while (answer.find("\r\n\r\n") == std::string::npos ||
           answer.find_last_of('}') + 2 < answer.size()) {
      const ssize_t size = ::read(fd, buffer, sizeof buffer);
      ASSERT_GT(size, 0) << answer;
      answer.append(buffer, static_cast<std::size_t>(size));
    }
  }
  std::vector<boost::json::object> Lines() const {
    std::vector<boost::json::object> lines;
    const auto text = ReadFile(File("j"));
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      lines.push_back(boost::json::parse(text.substr(at, end - at)).as_object());
    return lines;
  }
};

TEST_F(CliProvider, KeepsAJournalWithoutKeys) {
  const auto [said, journal] = Play({"--scenario", "provider-outage"});
  EXPECT_NE(said.find("scenario provider-outage"), std::string::npos) << said;
  EXPECT_NE(said.find("call 1: answered 503"), std::string::npos) << said;
  EXPECT_NE(said.find("6 calls on 2 connections, 0 probes; by rule: [0] 6"), std::string::npos)
      << said;
  EXPECT_EQ(said.find("sk-"), std::string::npos) << said;
  ASSERT_EQ(journal.size(), 8u);
  EXPECT_EQ(ReadFile(File("j")).find("sk-"), std::string::npos);
  EXPECT_EQ(journal[0].at("path"), "/v1/chat/completions?key=[key]");
  EXPECT_EQ(journal[0].at("body"), "[\"[key]\"]");
  EXPECT_EQ(journal[0].at("status"), 503);
  EXPECT_EQ(journal[3].at("closed_first_by"), "caller");
}

TEST_F(CliProvider, SameSeedAndCallsGiveTheSameJournal) {
  const auto rules = Script("rules.json", R"({"rules":[
    {"probability":0.5,"respond":{"status":500,"delay_ms":{"uniform":[0,3]}}},
    {"respond":{"text":"fine"}}]})");
  const auto without_times = [](std::vector<boost::json::object> lines) {
    std::string text;
    for (auto& line : lines) {
      EXPECT_EQ(line.erase("times"), 1u);
      text += boost::json::serialize(line) + "\n";
    }
    return text;
  };
  const auto first = without_times(Play({"--scenario", rules}).journal);
  EXPECT_NE(first.find("\"status\":500"), std::string::npos) << first;
  EXPECT_NE(first.find("\"status\":200"), std::string::npos) << first;
  EXPECT_EQ(without_times(Play({"--scenario", rules, "--quiet"}).journal), first);
  EXPECT_NE(without_times(Play({"--scenario", rules}, "4").journal), first);
}

// A reset at once behind a call: the call was lost where nobody had looked in between.
TEST_F(CliProvider, JournalsWhatAResetEnds) {
  Collector sink;
  auto child = Start({"provider", "--journal", File("j")}, sink);
  const int port = PortIn(sink.AwaitOut("\n"));
  const int fd = Connect(port);
  for (int i = 0; i < 20; ++i) {
    Ask(fd);
    Say(fd, "POST /__touchstone/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  }
  ::close(fd);
  const auto count = [&](const char* key) {
    const auto lines = Lines();
    return std::ranges::count_if(lines, [&](const auto& line) { return line.contains(key); });
  };
  EXPECT_TRUE(Holds([&] { return count("reset") == 20 && count("call") == 20; }))
      << ReadFile(File("j"));
  child->Signal(SIGINT);
  EXPECT_EQ(child->WaitExit(Clock::now() + kGenerous), (ExitStatus{false, 0}));
}

TEST_F(CliProvider, IsQuietIfToldSo) {
  const auto said = Play({"--quiet"}).said;
  EXPECT_EQ(said.find("call 1"), std::string::npos) << said;
  EXPECT_NE(said.find("6 calls on 2 connections"), std::string::npos) << said;
}

TEST_F(CliProvider, TakesRulesWithoutAScenario) {
  const auto said = Play({"--scenario", Script("l.json", R"([{"respond":{"status":418}}])")}).said;
  EXPECT_NE(said.find("call 1: answered 418"), std::string::npos) << said;
  const auto refuse = [&](const std::string& text, std::initializer_list<const char*> words) {
    ExpectSays(Touchstone({"provider", "--scenario", Script("bad.json", text)}), 2, words);
  };
  refuse("[\n{\"respond\":{\"status\":99}}]",
         {"bad.json:2:", "[0].respond.status", "from 200 to 599"});
  refuse("{\"rules\":[\n{\"respond\":{}},\n{\"respond\":{}}]}", {"bad.json:3:", "never matches"});
  refuse("{\"rules\":[],\n\"x\":1}", {"bad.json:2:", "unknown key"});
  refuse("{\"rules\":7}", {"bad.json:1:", "a list of rules"});
  refuse("[\n}", {"bad.json:2"});
}

}  // namespace
}  // namespace touchstone::testing
