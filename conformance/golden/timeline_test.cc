// What a person reads of a play.
#include "conformance/golden/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using std::chrono::milliseconds;

class Timeline : public ::testing::Test {
 protected:
  provider::Call& Add(const std::string& sent) {
    provider::Call call;
    call.number = static_cast<int>(record_.provider.calls.size()) + 1;
    call.connection = call.number;
    call.method = "POST";
    call.path = "/v1/x";
    call.rule = 0;
    call.sent.head = sent;
    call.status = 200;
    call.bytes_sent = sent.size();
    call.arrived_at = at(10);
    provider::Link link;
    link.number = call.connection;
    record_.provider.links.push_back(link);
    record_.provider.calls.push_back(call);
    return record_.provider.calls.back();
  }
  std::chrono::steady_clock::time_point at(int ms) { return record_.started + milliseconds(ms); }
  std::string Told() { return FormatTimeline(TimelineOf(record_)); }
  void Tells(const std::string& words) {
    EXPECT_NE(Told().find(words), std::string::npos) << words << "\n" << Told();
  }

  Record record_;
};

TEST_F(Timeline, SaysHowTheProviderEndedTheConnection) {
  auto& call = Add("HTTP/1.1 200 OK\r\n\r\nhalf");
  call.answered_at = call.closed_at = at(12);
  call.answered = true;
  Tells(
      "     12.0 ms  provider → host      call 1: 200, 23 bytes on the wire, then ends the "
      "connection (FIN) (rule [0])\n");
  record_.provider.links[0].reset = true;
  Tells("then resets the connection (RST)");
}

TEST_F(Timeline, SaysWhatTheHeaderHides) {
  auto& call =
      Add("HTTP/1.1 429 X\r\nContent-Type: text/html\r\nRetry-After: soon\r\nLocation: /e\r\n\r\n");
  call.status = 429;
  call.answered_at = at(12);
  Tells("call 1: 429, retry-after: soon, location: /e, text/html, ");
}

TEST_F(Timeline, SaysWhenASlowAnswerBeganAndFellSilent) {
  auto& call = Add("HTTP/1.1 200 OK\r\n\r\nhalf");
  call.sent.progress = {{19, at(20)}, {23, at(120)}};
  call.closed_at = at(620);
  call.closed_by_caller = true;
  Tells("     20.0 ms  provider → host      call 1: begins with 200, 19 bytes\n");
  Tells(
      "    620.0 ms  host     → provider  closes call 1: until now it got 200, 23 bytes on the "
      "wire in 2 writes, the last 500 ms ago, and the answer is not complete (rule [0])\n");
}

TEST_F(Timeline, TellsOfAConnectionThatSpokeNoHttp) {
  provider::Link link;
  link.number = 1;
  link.opened_at = at(5);
  link.not_http = std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8);
  link.sent = 103;
  record_.provider.links = {link};
  Tells(
      "      5.0 ms  host     → provider  connection 1: begins a TLS handshake\n"
      "      5.0 ms  provider → host      connection 1: answers 400 in plain HTTP, 103 bytes");
  record_.provider.links[0].not_http = "hello";
  Tells("sends what is no HTTP");
}

TEST(InWords, SayATimeoutOnce) {
  EXPECT_EQ(InWords(R"({"type":"final","status":"TIMEOUT","request_id":"a",)"
                    R"("error":{"code":"TIMEOUT","message":"late"}})"),
            "final TIMEOUT \"late\" (request a)");
  EXPECT_EQ(InWords(R"({"type":"final","status":"ERROR","request_id":"a",)"
                    R"("error":{"code":"INTERNAL","message":"oh"}})"),
            "final ERROR INTERNAL \"oh\" (request a)");
}

TEST(APlay, KeepsItsTimelineWhenSomethingWentWrong) {
  Bench bench;
  const std::string ping = R"({"send":{"protocol_version":1,"type":"ping","request_id":"p"}})"
                           "\n";
  const auto good = bench.PlaySteps(ping + R"({"expect":{"status":"PONG"}})", Mode::kStream);
  EXPECT_TRUE(good.violations.empty()) << Describe(good);
  EXPECT_TRUE(good.timeline.empty());
  const auto bad = bench.PlaySteps(ping + R"({"expect":{"status":"GONE"}})", Mode::kStream);
  ASSERT_FALSE(bad.violations.empty());
  const auto has = [&](std::string_view from, std::string_view to, std::string_view words) {
    return std::ranges::any_of(bad.timeline, [&](const Moment& moment) {
      return moment.from == from && moment.to == to && moment.what.find(words) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("caller", "host", "ping (request p)"));
  EXPECT_TRUE(has("host", "caller", "ack PONG (request p)"));
  EXPECT_TRUE(has("judge", "", "step failed: ")) << FormatTimeline(bad.timeline);
}

TEST(ALongTimeline, IsShortenedInItsMiddle) {
  std::vector<Moment> moments;
  for (int i = 0; i < 300; ++i) moments.push_back({i * 1.0, "host", "caller", std::to_string(i)});
  const auto shorter = Shorten(moments);
  ASSERT_EQ(shorter.size(), 101u);
  EXPECT_EQ(shorter[39].what, "39");
  EXPECT_EQ(shorter[40].what, "(200 more moments are left out)");
  EXPECT_EQ(shorter[41].what, "240");
  moments.resize(100);
  EXPECT_EQ(Shorten(moments).size(), 100u);
}

}  // namespace
}  // namespace touchstone::testing
