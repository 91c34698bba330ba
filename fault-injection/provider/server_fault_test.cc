// What the faults in the body, in its framing and in its timing put on the wire, byte by byte.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fault-injection/provider/server_fixture.h"

namespace touchstone::provider {
namespace {

const std::string kType = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const std::string kSix = kType + "Content-Length: 6\r\n\r\n";
const std::string kChunked = kType + "Transfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kStream = R"({"stream":true})";

// The events of a chunked stream, without their framing.
std::vector<std::string> Events(const std::string& response) {
  std::string_view rest = response;
  rest.remove_prefix(response.find("\r\n\r\n") + 4);
  std::vector<std::string> chunks;
  while (!rest.empty()) {
    const std::size_t size = std::stoul(std::string(rest.substr(0, rest.find('\r'))), nullptr, 16);
    rest.remove_prefix(rest.find('\n') + 1);
    if (size > 0) chunks.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size + 2);
  }
  return chunks;
}

class ServerFaults : public ServerTest {
 protected:
  // The whole of a stream that ends with its connection, and how.
  std::pair<std::string, Ending> Stream(const std::string& respond, std::string_view path = kChat) {
    Respond(respond);
    TestCaller caller(server_->port());
    caller.Post(path, kStream, "Connection: close\r\nx-api-key: sk-7\r\n");
    return caller.ReadToEnd();
  }
  std::vector<std::string> Whole() { return Events(Stream(R"({"text":"one two three"})").first); }
};

TEST_F(ServerFaults, StrikeInTheHeaders) {
  const std::string half = kSix.substr(0, kSix.size() / 2);
  EXPECT_EQ(Exchange(R"({"body":"abcdef","close":"in_headers"})"), (std::pair{half, Ending::kFin}));
  EXPECT_EQ(Exchange(R"({"body":"abcdef","reset":"in_headers"})"), (std::pair{half, Ending::kRst}));
}

TEST_F(ServerFaults, StrikeMidStream) {
  const std::vector<std::string> whole = Whole();
  const auto [bytes, ending] =
      Stream(R"({"text":"one two three","reset":"mid_stream","after_chunks":2})");
  EXPECT_EQ(ending, Ending::kRst);
  EXPECT_EQ(Events(bytes).size(), 2u);
  EXPECT_FALSE(bytes.ends_with("0\r\n\r\n"));
  // However many chunks are asked for, the last one never comes.
  EXPECT_EQ(
      Events(Stream(R"({"text":"one two three","close":"mid_stream","after_chunks":99})").first)
          .size(),
      whole.size() - 1);
  EXPECT_EQ(Exchange(R"({"body":"abcdef","close":"mid_stream"})"),
            (std::pair{kSix + "ab", Ending::kFin}));
}

TEST_F(ServerFaults, EndCleanlyBeforeTheEndMarker) {
  const auto [bytes, ending] = Stream(R"({"text":"one two three","close":"before_end_marker"})");
  EXPECT_EQ(ending, Ending::kFin);
  EXPECT_TRUE(bytes.ends_with("\n\n\r\n0\r\n\r\n"));
  EXPECT_EQ(bytes.find("[DONE]"), std::string::npos);
  EXPECT_EQ(Events(bytes).size(), Whole().size() - 1);
}

TEST_F(ServerFaults, HangMidStreamBehindPings) {
  for (const auto& [path, ping] : {std::pair{kChat, ": keep-alive\n\n"s},
                                   std::pair{std::string_view("/lane/l/v1/messages"),
                                             "event: ping\ndata: {\"type\":\"ping\"}\n\n"s}}) {
    Respond(R"({"hang":"mid_stream","pings_ms":5})");
    TestCaller caller(server_->port());
    caller.Post(path, kStream);
    std::string bytes;
    while (bytes.size() < 2000)
      ASSERT_EQ(caller.ReadAtLeast(bytes.size() + 1, bytes), Ending::kOpen);
    const std::string chunk = fmt::format("{:x}\r\n{}\r\n", ping.size(), ping);
    EXPECT_NE(bytes.find(chunk + chunk + chunk), std::string::npos) << bytes;
    EXPECT_FALSE(LastCall().answered);
    caller.Close();
    EXPECT_TRUE(EventuallyCall([](const Call& c) { return c.closed_by_caller; }));
  }
}

TEST_F(ServerFaults, BreakTheFramingOfChunks) {
  EXPECT_EQ(Exchange(R"({"body":"abcdefgh","bad_chunk":true})"),
            (std::pair{kChunked + "2\r\nab\r\n2\r\ncd\r\nxyz\r\nef\r\n2\r\ngh\r\n0\r\n\r\n",
                       Ending::kFin}));
}

TEST_F(ServerFaults, CutACharacter) {
  EXPECT_EQ(Exchange(R"({"body":"aé","cut_utf8":"between_chunks","bad_chunk":false,"chunked":true,
                         "headers":{"connection":"close"}})"),
            (std::pair{kType + "Transfer-Encoding: chunked\r\nconnection: close\r\n\r\n"
                               "1\r\na\r\n1\r\n\xc3\r\n1\r\n\xa9\r\n0\r\n\r\n",
                       Ending::kFin}));
  EXPECT_EQ(BodyOf(Answer(R"({"body":"aéb","cut_utf8":"for_good"})")),
            "a\xc3"
            "b");
  const std::vector<std::string> events =
      Events(Stream(R"({"text":"né","cut_utf8":"between_chunks"})").first);
  EXPECT_EQ(events.size(), Events(Stream(R"({"text":"né"})").first).size() + 1);
  EXPECT_TRUE(std::any_of(events.begin(), events.end(),
                          [](const std::string& e) { return e.ends_with("n\xc3"); }));
}

TEST_F(ServerFaults, BreakAnEvent) {
  std::vector<std::string> expected = Whole();
  std::string& middle = expected[expected.size() / 2];
  middle = middle.substr(0, middle.size() / 2) + "\n\n";
  const auto events = Events(Stream(R"({"text":"one two three","malformed_event":true})").first);
  ASSERT_EQ(events.size(), expected.size());
  EXPECT_TRUE(events[events.size() / 2].ends_with("\n\n"));
  EXPECT_NE(events[events.size() / 2].find("data: {"), std::string::npos);
  EXPECT_LT(events[events.size() / 2].size(), expected[0].size());
}

TEST_F(ServerFaults, EndTheStreamInAnError) {
  const auto events = Events(Stream(R"({"error_event":503,"after_chunks":2})").first);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_TRUE(events[2].starts_with("data: {\"error\":{")) << events[2];
  EXPECT_NE(events[2].find("server_is_overloaded"), std::string::npos);
  const auto [bytes, ending] = Stream(R"({"error_event":529})", "/lane/l/v1/messages");
  EXPECT_EQ(Events(bytes).size(), 2u);
  EXPECT_TRUE(Events(bytes)[1].starts_with("event: error\ndata: {\"type\":\"error\""));
  EXPECT_TRUE(bytes.ends_with("0\r\n\r\n"));
  const auto body = boost::json::parse(BodyOf(Answer(R"({"error_event":500})")));
  EXPECT_TRUE(body.as_object().contains("error"));
}

TEST_F(ServerFaults, DoubleAndSwapChunks) {
  EXPECT_EQ(Stream(R"({"body":"abcdefgh","chunked":true,"duplicate_chunk":2})").first,
            kType +
                "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                "2\r\nab\r\n2\r\ncd\r\n2\r\ncd\r\n2\r\nef\r\n2\r\ngh\r\n0\r\n\r\n");
  EXPECT_EQ(Stream(R"({"body":"abcdefgh","chunked":true,"swap_chunks":1})").first,
            kType +
                "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                "2\r\ncd\r\n2\r\nab\r\n2\r\nef\r\n2\r\ngh\r\n0\r\n\r\n");
}

TEST_F(ServerFaults, Drip) {
  Respond(R"({"body":"abcdef","drip":{"bytes":2,"every_ms":20}})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  EXPECT_EQ(caller.ReadResponse(), kSix + "abcdef");
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.answered; }));
  EXPECT_GE(*LastCall().answered_at - LastCall().arrived_at, milliseconds(40));
}

TEST_F(ServerFaults, DripThenHang) {
  Respond(R"({"body":"abcdef","drip":{"every_ms":1},"hang":"in_body"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  std::string bytes;
  EXPECT_EQ(caller.ReadAtLeast(kSix.size() + 3, bytes), Ending::kOpen);
  EXPECT_EQ(bytes, kSix + "abc");
  EXPECT_EQ(caller.Peek(), (std::pair{""s, Ending::kOpen}));
  EXPECT_FALSE(LastCall().answered);
}

TEST_F(ServerFaults, WaitBeforeTheFirstTokenAndBetweenChunks) {
  Respond(R"({"body":"abcd","chunked":true,"first_token_ms":20,"gap_ms":{"uniform":[10,12]}})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  const std::string expected = kChunked + "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n0\r\n\r\n";
  std::string bytes;
  caller.ReadAtLeast(expected.size(), bytes);
  EXPECT_EQ(bytes, expected);
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.answered; }));
  EXPECT_GE(*LastCall().answered_at - LastCall().arrived_at, milliseconds(50));
}

TEST_F(ServerFaults, QuoteTheKey) {
  Respond(R"({"status":401,"body":"no ${key}, not ${key}!"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}", "Authorization: Bearer sk-1\r\n");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "no sk-1, not sk-1!");
}

TEST_F(ServerFaults, GzipThatNobodyAskedFor) {
  const std::string response = Answer(R"({"body":"abc","gzip":true})");
  EXPECT_NE(response.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(response),
            "\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x03\0\xfc\xff"
            "abc\xc2\x41\x24\x35\x03\0\0\0"s);  // as zlib's gzip -0 writes it
}

TEST(Wait, DrawsTheSameFromTheSameSeed) {
  Wait uniform;
  uniform.low_ms = 10;
  uniform.high_ms = 50;
  Wait lognormal;
  lognormal.median_ms = 200;
  lognormal.sigma = 0.5;
  lognormal.high_ms = 300;
  for (const Wait& wait : {uniform, lognormal}) {
    Draws one(7);
    Draws same(7);
    int below_median = 0;
    bool capped = false;
    for (int i = 0; i < 1000; ++i) {
      const auto drawn = wait.Draw(one);
      EXPECT_EQ(drawn, wait.Draw(same));
      EXPECT_GE(drawn, milliseconds(wait.low_ms));
      EXPECT_LE(drawn, milliseconds(wait.high_ms));
      below_median += drawn < milliseconds(wait.median_ms > 0 ? 200 : 30) ? 1 : 0;
      capped = capped || drawn == milliseconds(300);
    }
    EXPECT_NEAR(below_median, 500, 60);
    EXPECT_EQ(capped, wait.median_ms > 0);
  }
}

}  // namespace
}  // namespace touchstone::provider
