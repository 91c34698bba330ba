// Errors by their kind and probes, as they are on the wire.
#include "fault-injection/provider/server_fixture.h"

namespace touchstone::provider {
namespace {

TEST_F(ServerTest, SendsAnErrorByItsKind) {
  const std::string limited =
      Answer(R"({"error":"rate_limit_exceeded","headers":{"retry-after":"360"}})");
  EXPECT_TRUE(limited.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << limited;
  EXPECT_NE(limited.find("\r\nretry-after: 360\r\n"), std::string::npos);
  EXPECT_NE(limited.find("\r\nx-ratelimit-remaining-requests: 0\r\n"), std::string::npos);
  EXPECT_NE(limited.find("\r\nx-ratelimit-reset-requests: 6m0s\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(limited),
            R"({"error":{"message":"Rate limit reached for requests per min (RPM): Limit 3, )"
            R"(Used 3, Requested 1.","type":"requests","param":null,)"
            R"("code":"rate_limit_exceeded"}})");
  EXPECT_TRUE(EventuallyCall([](const Call& call) { return call.status == 429; }));
}

TEST_F(ServerTest, SendsAnErrorInTheWordsOfTheDialect) {
  Respond(R"({"error":"overloaded_error"})");
  TestCaller caller(server_->port());
  caller.Post("/lane/l/v1/messages", "{}");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 529 Overloaded\r\n"));
  caller.Post("/lane/l/v1/responses", "{}");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  caller.Post("/lane/l/v1beta/models/m:generateContent", "{}");
  EXPECT_EQ(boost::json::parse(BodyOf(caller.ReadResponse())).at("error").at("status"),
            "UNAVAILABLE");
}

TEST_F(ServerTest, SaysWhenToComeBackUnlessTheRuleDoes) {
  const auto waits = [&](const std::string& answer) {
    std::vector<std::string> values;
    for (std::size_t at = 0; (at = answer.find("\r\nretry-after: ", at)) != std::string::npos; ++at)
      values.push_back(answer.substr(at + 15, answer.find('\r', at + 2) - at - 15));
    return values;
  };
  using Values = std::vector<std::string>;
  EXPECT_EQ(waits(Answer(R"({"error":"rate_limit_exceeded"})")), Values{"20"});
  EXPECT_EQ(waits(Answer(R"({"error":"rate_limit_exceeded","headers":{"retry-after":"soon"}})")),
            Values{"soon"});
  EXPECT_EQ(waits(Answer(R"({"status":429})")), Values{});
  EXPECT_EQ(waits(Answer(R"({"error":"insufficient_quota"})")), Values{});
  Respond(R"({"error":"rate_limit_error"})");
  TestCaller caller(server_->port());
  caller.Post("/lane/l/v1/messages", "{}");
  EXPECT_EQ(waits(caller.ReadResponse()), Values{"60"});
}

// A Retry-After that is no number of seconds ahead leaves the limits as they usually are.
TEST_F(ServerTest, PassesOverARetryAfterThatSaysNothing) {
  for (const char* value : {"-1", "soon", "1s", "", "99999999999999999999"}) {
    const std::string limited = Answer(R"({"error":"rate_limit_error","headers":{"retry-after":")" +
                                       std::string(value) + "\"}}");
    EXPECT_NE(limited.find("\r\nx-ratelimit-reset-requests: 20s\r\n"), std::string::npos) << value;
  }
}

TEST_F(ServerTest, AnswersUpgradesAsProbes) {
  lane_.SetRules({});
  TestCaller caller(server_->port());
  caller.Send(
      "GET /lane/l/v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AA==\r\n\r\n");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
  caller.Send("GET /lane/l/v1/models/c HTTP/1.1\r\nHost: x\r\nanthropic-version: 1\r\n\r\n");
  EXPECT_EQ(boost::json::parse(BodyOf(caller.ReadResponse())).at("type"), "model");
  EXPECT_EQ(lane_.Journal().probes, 2);
  EXPECT_EQ(lane_.Journal().calls.size(), 0u);
}

}  // namespace
}  // namespace touchstone::provider
