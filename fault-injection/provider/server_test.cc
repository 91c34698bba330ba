// What the server puts on the wire: answers and faults, byte by byte.
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "fault-injection/provider/server_fixture.h"

namespace touchstone::provider {
namespace {

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
            (std::pair{kChunkedHeader + "2\r\nab\r\n1\r\nc\r\n", Ending::kFin}));
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

}  // namespace
}  // namespace touchstone::provider
