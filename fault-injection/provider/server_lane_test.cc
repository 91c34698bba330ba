// What the server reads, journals and keeps apart: requests, connections, lanes.
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "fault-injection/provider/journal_json.h"
#include "fault-injection/provider/server_fixture.h"

namespace touchstone::provider {
namespace {

// ---- HTTP

TEST_F(ServerTest, JournalsTheCallAsItCame) {
  TestCaller caller(server_->port());
  caller.Post("/lane/l/v1/chat/completions?a=b", R"( {"model":"m"} )",
              "Authorization: Bearer KEY\r\nX-A: 1\r\nX-A: 2\r\n");
  caller.ReadResponse();
  const Call call = LastCall();
  EXPECT_EQ(call.number, 1);
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.path, "/v1/chat/completions?a=b");
  EXPECT_EQ(call.body, R"( {"model":"m"} )");
  EXPECT_EQ(call.json->at("model"), "m");
  EXPECT_EQ(call.headers,
            (std::vector<std::pair<std::string, std::string>>{{"host", "x"},
                                                              {"content-type", "application/json"},
                                                              {"authorization", "Bearer KEY"},
                                                              {"x-a", "1"},
                                                              {"x-a", "2"},
                                                              {"content-length", "15"}}));
  caller.Post(kChat, "no json");
  caller.ReadResponse();
  EXPECT_EQ(LastCall().json, std::nullopt);
  EXPECT_EQ(LastCall().connection, 1);
}

TEST_F(ServerTest, AnswersProbesWithoutARule) {
  lane_.SetRules({});
  TestCaller caller(server_->port());
  caller.Send("HEAD /lane/l/v1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(caller.ReadResponse(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  caller.Send("GET /lane/l/v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(boost::json::parse(BodyOf(caller.ReadResponse())).at("data").at(0).at("id"),
            "mock-model");
  caller.Send("GET /lane/l/favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 404 Not Found\r\n"));
  const Snapshot journal = lane_.Journal();
  EXPECT_EQ(journal.probes, 3);
  EXPECT_EQ(journal.calls.size(), 0u);
  EXPECT_EQ(journal.connections, 1);
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  TestCaller caller(server_->port());
  caller.Send("HEAD /lane/l/v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(caller.ReadToEnd(), (std::pair{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                           "Content-Length: 108\r\nConnection: close\r\n\r\n"s,
                                           Ending::kFin}));
}

TEST_F(ServerTest, SaysWhichRuleWasNearest) {
  lane_.SetRules(Rules(R"([{"match":{"text":"a"},"respond":{}}])"));
  TestCaller caller(server_->port());
  caller.Post(kChat, R"({"messages":[{"role":"user","content":"b"}]})");
  const std::string response = caller.ReadResponse();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 "));
  const std::string why = R"(rule [0]: match.text is "a", the last user message is "b")";
  EXPECT_EQ(boost::json::parse(BodyOf(response)).at("error").at("message").as_string(),
            "touchstone: no rule matches; nearest: " + why);
  EXPECT_EQ(LastCall().rule, -1);
  EXPECT_EQ(LastCall().near_miss, why);
}

TEST_F(ServerTest, RefusesAPathThatNoDialectServes) {
  TestCaller caller(server_->port());
  caller.Post("/lane/l/v2/chat", "{}");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(LastCall().rule, -1);
  EXPECT_TRUE(LastCall().near_miss.starts_with("POST /v2/chat is no call of a provider;"));
  caller.Post("/lane/nobody/v1/chat/completions", "{}");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 404 "));
}

TEST_F(ServerTest, RefusesWhatIsNoHttpAndCloses) {
  TestCaller caller(server_->port());
  caller.Send("hello\r\n\r\n");
  const auto [response, ending] = caller.ReadToEnd();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 400 Bad Request\r\n")) << response;
  EXPECT_EQ(ending, Ending::kFin);
}

TEST_F(ServerTest, KeepsHowThatBeganWhichIsNoHttp) {
  Lane& lane = server_->OpenLane("");
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  {
    TestCaller caller(server_->port());
    caller.Send(hello + std::string(600, 'r'));
    EXPECT_TRUE(caller.ReadToEnd().first.starts_with("HTTP/1.1 400 "));
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  EXPECT_TRUE(lane.WaitUntil(
      [&](const Snapshot& journal) {
        return !journal.links.empty() && journal.links[0].not_http == hello + "rrrrr";
      },
      deadline));
  const auto journal = lane.Journal();
  EXPECT_TRUE(journal.calls.empty());
  EXPECT_NE(LinkJson(journal.links.at(0), Times::kLeftOut, {})
                .find("\"not_http\":{\"hex\":\"16030102000100"),
            std::string::npos);
}

TEST_F(ServerTest, RefusesABodyOver64MiB) {
  TestCaller caller(server_->port());
  caller.Send("POST /lane/l/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 67108865\r\n\r\n");
  EXPECT_TRUE(caller.ReadToEnd().first.starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, SaysContinueWhenAsked) {
  TestCaller caller(server_->port());
  caller.Send("POST " + std::string(kChat) +
              " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  const std::string expected = "HTTP/1.1 100 Continue\r\n\r\n";
  std::string bytes;
  caller.ReadAtLeast(expected.size(), bytes);
  EXPECT_EQ(bytes, expected);
  caller.Send("{}");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, ReadsARequestInAnyPieces) {
  TestCaller caller(server_->port());
  const std::string request = "POST " + std::string(kChat) +
                              " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "2\r\n{}\r\n0\r\n\r\n";
  for (const char c : request) caller.Send(std::string(1, c));
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(LastCall().body, "{}");
}

TEST_F(ServerTest, AnswersPipelinedCallsInOrder) {
  lane_.SetRules(Rules(R"([{"match":{"call":1},"respond":{"delay_ms":20,"body":"a"}},
                           {"respond":{"body":"b"}}])"));
  TestCaller caller(server_->port());
  const std::string one =
      "POST " + std::string(kChat) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  caller.Send(one + one + one);
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "a");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "b");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "b");
}

TEST_F(ServerTest, KeepsAConnectionOver1000Calls) {
  TestCaller caller(server_->port());
  for (int i = 1; i <= 1000; ++i) {
    caller.Post(kChat, "{}");
    ASSERT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 200 OK\r\n")) << i;
  }
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.number == 1000 && c.answered; }));
  EXPECT_EQ(lane_.Journal().connections, 1);
}

TEST_F(ServerTest, ClosesWhenTheCallerOrTheRuleSaysSo) {
  TestCaller polite(server_->port());
  polite.Post(kChat, "{}", "Connection: close\r\n");
  const auto [response, ending] = polite.ReadToEnd();
  EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(ending, Ending::kFin);
  EXPECT_EQ(Exchange(R"({"body":"","headers":{"connection":"close"}})").second, Ending::kFin);
}

// ---- lanes

TEST_F(ServerTest, LanesDoNotSeeEachOther) {
  Lane& other = server_->OpenLane("o");
  Respond(R"({"body":"mine"})");
  other.SetRules(Rules(R"([{"respond":{"body":"yours"}}])"));
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "mine");
  caller.Post("/lane/o/v1/chat/completions", "{}");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "yours");
  EXPECT_EQ(lane_.Journal().calls.size(), 1u);
  EXPECT_EQ(other.Journal().calls.size(), 1u);
  EXPECT_EQ(other.Journal().calls[0].number, 1);
}

TEST_F(ServerTest, NamesAnyLaneInAnAddress) {
  EXPECT_EQ(lane_.base_url(), "http://127.0.0.1:" + std::to_string(server_->port()) + "/lane/l");
  Lane& odd = server_->OpenLane("a/b c?#é");
  EXPECT_EQ(odd.name(), "a/b c?#é");
  EXPECT_TRUE(odd.base_url().ends_with("/lane/a%2Fb%20c%3F%23%C3%A9"));
  TestCaller caller(server_->port());
  caller.Post("/lane/a%2Fb%20c%3F%23%C3%A9/v1/messages", "{}");
  caller.ReadResponse();
  EXPECT_EQ(odd.Journal().calls.at(0).path, "/v1/messages");
}

TEST_F(ServerTest, TheLaneWithoutANameIsAtTheRoot) {
  Lane& root = server_->OpenLane("");
  EXPECT_EQ(root.base_url(), "http://127.0.0.1:" + std::to_string(server_->port()));
  TestCaller caller(server_->port());
  caller.Post("/v1/chat/completions", "{}");
  caller.ReadResponse();
  EXPECT_EQ(root.Journal().calls.at(0).path, "/v1/chat/completions");
}

TEST_F(ServerTest, NewRulesKeepTheCallNumberAndRestartTimes) {
  const auto rules = Rules(R"([{"times":1,"match":{"call":1},"respond":{"body":"first"}},
                               {"times":1,"respond":{"body":"once"}},
                                {"respond":{"body":"then"}}])");
  TestCaller caller(server_->port());
  const auto ask = [&] {
    caller.Post(kChat, "{}");
    return BodyOf(caller.ReadResponse());
  };
  lane_.SetRules(rules);
  EXPECT_EQ(ask(), "first");
  EXPECT_EQ(ask(), "once");
  EXPECT_EQ(ask(), "then");
  lane_.SetRules(rules);
  EXPECT_EQ(ask(), "once");
}

TEST_F(ServerTest, CloseLaneClosesItsConnectionsOnly) {
  Respond(R"({"hang":"before_headers"})");
  TestCaller hung(server_->port());
  TestCaller idle(server_->port());
  TestCaller other(server_->port());
  hung.Post(kChat, "{}");
  idle.Send("HEAD /lane/l/ HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.ReadResponse();
  server_->OpenLane("o");
  other.Post("/lane/o/v1/messages", "{}");
  other.ReadResponse();
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() == 1; }));
  server_->CloseLane("l");
  EXPECT_EQ(hung.ReadToEnd(), (std::pair{""s, Ending::kFin}));
  EXPECT_EQ(idle.ReadToEnd(), (std::pair{""s, Ending::kFin}));
  EXPECT_EQ(other.Peek().second, Ending::kOpen);
  EXPECT_EQ(server_->OpenLane("l").Journal().calls.size(), 0u);
}

TEST_F(ServerTest, CloseLaneEndsWaits) {
  std::latch waiting{1};
  std::jthread waiter([&] {
    bool first = true;
    const auto never = [&](const Snapshot&) {
      if (std::exchange(first, false)) waiting.count_down();
      return false;
    };
    EXPECT_FALSE(lane_.WaitUntil(never, steady_clock::now() + std::chrono::hours(1)));
  });
  waiting.wait();
  server_->CloseLane("l");
}

TEST_F(ServerTest, WaitUntilIsFalseAtTheDeadline) {
  const auto deadline = steady_clock::now() + milliseconds(20);
  EXPECT_FALSE(lane_.WaitUntil([](const Snapshot&) { return false; }, deadline));
  EXPECT_GE(steady_clock::now(), deadline);
}

// ---- the server

TEST_F(ServerTest, SaysThatThePortIsTaken) {
  const auto second = Server::Start({.port = server_->port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "the provider cannot listen on 127.0.0.1:" +
                                std::to_string(server_->port()) + ": Address already in use");
  EXPECT_FALSE(Server::Start({.address = "localhost"}));
}

TEST_F(ServerTest, StopsWhileCallsHang) {
  Respond(R"({"hang":"in_body"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.bytes_sent > 0; }));
  server_.reset();
  EXPECT_EQ(caller.ReadToEnd().second, Ending::kFin);
}

}  // namespace
}  // namespace touchstone::provider
