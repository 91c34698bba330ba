#include "fault-injection/provider/server.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <latch>
#include <thread>

#include "fault-injection/provider/test_caller.h"

namespace touchstone::provider {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::string_literals;

constexpr std::string_view kChat = "/lane/l/v1/chat/completions";

std::vector<Rule> Rules(std::string_view text) {
  return ParseRules(boost::json::parse(text)).value();
}

// A server with the lane "l".
class ServerTest : public testing::Test {
 protected:
  std::unique_ptr<Server> server_ = Server::Start({}).value();
  Lane& lane_ = server_->OpenLane("l");

  void Respond(const std::string& respond) {
    lane_.SetRules(Rules(R"([{"respond":)" + respond + "}]"));
  }

  bool Eventually(const std::function<bool(const Snapshot&)>& holds) {
    return lane_.WaitUntil(holds, steady_clock::now() + std::chrono::seconds(10));
  }
  bool EventuallyCall(const std::function<bool(const Call&)>& holds) {
    return Eventually([&](const Snapshot& s) { return !s.calls.empty() && holds(s.calls.back()); });
  }
  Call LastCall() { return lane_.Journal().calls.back(); }

  // What the whole connection carries back for one call, and how it ends.
  std::pair<std::string, Ending> Exchange(const std::string& respond,
                                          std::string_view body = "{}") {
    Respond(respond);
    TestCaller caller(server_->port());
    caller.Post(kChat, body);
    auto result = caller.ReadToEnd();
    EXPECT_TRUE(EventuallyCall([](const Call& c) { return c.answered && c.closed_at; }));
    EXPECT_EQ(LastCall().bytes_sent, result.first.size());
    return result;
  }

  // One response on a connection that stays open.
  std::string Answer(const std::string& respond, std::string_view body = "{}") {
    Respond(respond);
    TestCaller caller(server_->port());
    caller.Post(kChat, body);
    std::string response = caller.ReadResponse();
    EXPECT_EQ(caller.Peek(), (std::pair{""s, Ending::kOpen}));
    return response;
  }
};

// ---- answers

TEST_F(ServerTest, AnswersMockAnswerWithoutRules) {
  TestCaller caller(server_->port());
  caller.Post(kChat, R"({"model":"m","messages":[]})");
  const std::string response = caller.ReadResponse();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"));
  const boost::json::value body = boost::json::parse(BodyOf(response));
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "mock answer");
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.answered; }));
  EXPECT_EQ(LastCall().rule, 0);
}

TEST_F(ServerTest, WritesAnExactBody) {
  EXPECT_EQ(Answer(R"({"body":["a",{"base64":"AP8="}],"content_type":"text/html"})"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\na\0\xff"s);
}

TEST_F(ServerTest, WritesStatusAndHeaders) {
  EXPECT_EQ(
      Answer(R"({"status":429,"headers":{"retry-after":"1","Content-Type":"x/y"},"body":""})"),
      "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nretry-after: 1\r\n"
      "Content-Type: x/y\r\n\r\n");
  EXPECT_EQ(Answer(R"({"status":302,"headers":{"location":"http://x/"}})"),
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nlocation: http://x/\r\n\r\n");
  EXPECT_TRUE(Answer(R"({"status":529,"body":""})").starts_with("HTTP/1.1 529 Overloaded\r\n"));
  EXPECT_EQ(Answer(R"({"status":204})"), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ServerTest, WritesTheErrorBodyOfTheDialect) {
  const auto body = boost::json::parse(BodyOf(Answer(R"({"status":401})")));
  EXPECT_EQ(body.at("error").at("code"), "invalid_api_key");
  TestCaller caller(server_->port());
  caller.Post("/lane/l/v1/messages", "{}");
  const auto other = boost::json::parse(BodyOf(caller.ReadResponse()));
  EXPECT_EQ(other.at("error").at("type"), "authentication_error");
}

TEST_F(ServerTest, WritesALargeBodyWhole) {
  Respond(R"({"body":{"repeat":"0123456789","times":2000000}})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  const std::string response = caller.ReadResponse();
  EXPECT_EQ(BodyOf(response).size(), 20000000u);
  EXPECT_TRUE(response.ends_with("0123456789"));
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.answered; }));
  EXPECT_EQ(LastCall().bytes_sent, response.size());
}

TEST_F(ServerTest, WritesChunks) {
  Respond(R"({"body":"0123456789","chunked":true})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  const std::string expected =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\n012\r\n3\r\n345\r\n3\r\n678\r\n1\r\n9\r\n0\r\n\r\n";
  std::string response;
  caller.ReadAtLeast(expected.size(), response);
  EXPECT_EQ(response, expected);
  EXPECT_EQ(caller.Peek().second, Ending::kOpen);
}

TEST_F(ServerTest, StreamsEventsAsChunks) {
  Respond(R"({"text":"hi"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, R"({"stream":true})", "Connection: close\r\n");
  const auto [response, ending] = caller.ReadToEnd();
  EXPECT_TRUE(
      response.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                           "Transfer-Encoding: chunked\r\nConnection: close\r\n"));
  EXPECT_TRUE(response.ends_with("e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"));
  EXPECT_EQ(ending, Ending::kFin);
}

TEST_F(ServerTest, ClaimsAnotherLength) {
  EXPECT_EQ(Exchange(R"({"body":"four","content_length":10})"),
            (std::pair{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: 10\r\n\r\nfour"s,
                       Ending::kFin}));
  EXPECT_EQ(Exchange(R"({"body":"four","content_length":2})"),
            (std::pair{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: 2\r\n\r\nfour"s,
                       Ending::kFin}));
}

TEST_F(ServerTest, SameRulesAndCallsGiveTheSameBytes) {
  const auto play = [this] {
    std::string all;
    server_->OpenLane("twin");
    TestCaller caller(server_->port());
    for (int i = 0; i < 3; ++i) {
      caller.Post("/lane/twin/v1/chat/completions", "{}");
      all += caller.ReadResponse();
    }
    server_->CloseLane("twin");
    return all;
  };
  const std::string first = play();
  EXPECT_EQ(first, play());
  EXPECT_NE(first.substr(0, first.size() / 3), first.substr(first.size() / 3 * 2));  // ids differ
}

// ---- time

TEST_F(ServerTest, DelaysTheFirstByte) {
  Respond(R"({"delay_ms":40,"body":"a"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() == 1; }));
  EXPECT_EQ(LastCall().bytes_sent, 0u);
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "a");
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.answered; }));
  EXPECT_GE(*LastCall().answered_at - LastCall().arrived_at, milliseconds(40));
}

TEST_F(ServerTest, HoldsUntilReleased) {
  Respond(R"({"hold":"h","body":"a"})");
  TestCaller first(server_->port());
  TestCaller second(server_->port());
  first.Post(kChat, "{}");
  second.Post(kChat, "{}");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() == 2; }));
  lane_.Release("other");
  EXPECT_EQ(first.Peek(), (std::pair{""s, Ending::kOpen}));
  EXPECT_FALSE(LastCall().answered);
  lane_.Release("h");
  EXPECT_EQ(BodyOf(first.ReadResponse()), "a");
  EXPECT_EQ(BodyOf(second.ReadResponse()), "a");
  TestCaller later(server_->port());
  later.Post(kChat, "{}");
  EXPECT_EQ(BodyOf(later.ReadResponse()), "a");
}

// ---- faults: what is on the wire, and how it ends

const std::string kHeader =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n";
const std::string kChunkedHeader =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(ServerTest, ClosesWithFin) {
  EXPECT_EQ(Exchange(R"({"body":"abcdef","close":"before_headers"})"),
            (std::pair{""s, Ending::kFin}));
  EXPECT_EQ(LastCall().status, 0);
  EXPECT_EQ(Exchange(R"({"body":"abcdef","close":"after_headers"})"),
            (std::pair{kHeader, Ending::kFin}));
  EXPECT_EQ(Exchange(R"({"body":"abcdef","close":"in_body"})"),
            (std::pair{kHeader + "abc", Ending::kFin}));
  EXPECT_EQ(LastCall().status, 200);
  EXPECT_FALSE(LastCall().closed_by_caller);
}

TEST_F(ServerTest, ClosesChunksBeforeTheEndMarker) {
  EXPECT_EQ(Exchange(R"({"body":"abcdef","chunked":true,"close":"in_body"})"),
            (std::pair{kChunkedHeader + "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n", Ending::kFin}));
  EXPECT_EQ(Exchange(R"({"body":"abcdef","chunked":true,"close":"after_headers"})"),
            (std::pair{kChunkedHeader, Ending::kFin}));
}

TEST_F(ServerTest, ResetsWithRst) {
  EXPECT_EQ(Exchange(R"({"body":"abcdef","reset":"before_headers"})"),
            (std::pair{""s, Ending::kRst}));
  EXPECT_EQ(LastCall().status, 0);
  EXPECT_EQ(Exchange(R"({"body":"abcdef","reset":"after_headers"})"),
            (std::pair{kHeader, Ending::kRst}));
  EXPECT_EQ(Exchange(R"({"body":"abcdef","reset":"in_body"})"),
            (std::pair{kHeader + "abc", Ending::kRst}));
  EXPECT_FALSE(LastCall().closed_by_caller);
}

TEST_F(ServerTest, ResetsOnlyWhenAllOfALargeHalfHasLeft) {
  const auto [bytes, ending] =
      Exchange(R"({"body":{"repeat":"x","times":8000000},"reset":"in_body"})");
  EXPECT_EQ(BodyOf(bytes).size(), 4000000u);
  EXPECT_EQ(ending, Ending::kRst);
}

struct HangCase {
  const char* place;
  std::string bytes;
};

class ServerHangs : public ServerTest, public testing::WithParamInterface<HangCase> {};

TEST_P(ServerHangs, UntilTheCallerCloses) {
  Respond(R"({"body":"abcdef","hang":")" + std::string(GetParam().place) + "\"}");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  std::string bytes;
  EXPECT_EQ(caller.ReadAtLeast(GetParam().bytes.size(), bytes), Ending::kOpen);
  EXPECT_EQ(bytes, GetParam().bytes);
  ASSERT_TRUE(
      EventuallyCall([&](const Call& c) { return c.bytes_sent == GetParam().bytes.size(); }));
  EXPECT_EQ(caller.Peek(), (std::pair{""s, Ending::kOpen}));
  EXPECT_FALSE(LastCall().answered || LastCall().closed_by_caller || LastCall().closed_at);
  caller.Close();
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.closed_by_caller; }));
  EXPECT_FALSE(LastCall().answered);
  EXPECT_GE(*LastCall().closed_at, LastCall().arrived_at);
}

INSTANTIATE_TEST_SUITE_P(Each, ServerHangs,
                         testing::Values(HangCase{"before_headers", ""},
                                         HangCase{"after_headers", kHeader},
                                         HangCase{"in_body", kHeader + "abc"}),
                         [](const auto& info) { return std::string(info.param.place); });

TEST_F(ServerTest, SeesTheCallersReset) {
  Respond(R"({"hang":"before_headers"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() == 1; }));
  caller.Reset();
  EXPECT_TRUE(EventuallyCall([](const Call& c) { return c.closed_by_caller && c.closed_at; }));
}

TEST_F(ServerTest, SeesTheCallersCloseWhileDelayedHeldOrWriting) {
  int number = 0;
  for (const char* respond :
       {R"({"delay_ms":60000})", R"({"hold":"h"})", R"({"body":{"repeat":"x","times":50000000}})",
        R"({"endless":true})"}) {
    ++number;
    Respond(respond);
    TestCaller caller(server_->port());
    caller.Post(kChat, "{}");
    ASSERT_TRUE(EventuallyCall([&](const Call& c) { return c.number == number; })) << respond;
    EXPECT_FALSE(LastCall().closed_at) << respond;
    caller.Close();
    EXPECT_TRUE(EventuallyCall([](const Call& c) { return c.closed_by_caller; })) << respond;
    EXPECT_FALSE(LastCall().answered) << respond;
  }
}

TEST_F(ServerTest, SendsWithoutEnd) {
  Respond(R"({"text":"x","endless":true})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  std::string bytes;
  EXPECT_EQ(caller.ReadAtLeast(40u << 20, bytes), Ending::kOpen);
  EXPECT_EQ(bytes.find("Content-Length"), std::string::npos);
  EXPECT_NE(bytes.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(bytes.back(), ' ');  // the document's last brace never comes
  caller.Close();
  EXPECT_TRUE(EventuallyCall([](const Call& c) { return c.closed_by_caller; }));
}

TEST_F(ServerTest, SendsChunksWithoutEnd) {
  Respond(R"({"body":"abcd","chunked":true,"endless":true})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  const std::string start = kChunkedHeader + "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n10000\r\n" +
                            std::string(65536, ' ') + "\r\n10000\r\n";
  std::string bytes;
  EXPECT_EQ(caller.ReadAtLeast(start.size(), bytes), Ending::kOpen);
  EXPECT_TRUE(bytes.starts_with(start));
}

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
                               {"times":1,"respond":{"body":"once"}},{"respond":{"body":"then"}}])");
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
