#include "fault-injection/provider/journal_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "fault-injection/provider/server_fixture.h"

namespace touchstone::provider {
namespace {

namespace json = boost::json;

std::vector<json::value> Lines(const std::string& text) {
  std::vector<json::value> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(json::parse(text.substr(at, text.find('\n', at) - at)));
  }
  return lines;
}

class JournalTest : public ServerTest {
 protected:
  // Two connections in a fixed order, drawn faults and times; what the journal says then.
  std::string Play(std::uint64_t seed) {
    Lane& lane = server_->OpenLane("j", {.seed = seed});
    lane.SetRules(Rules(R"([{"probability":0.5,"respond":{"delay_ms":{"uniform":[0,3]}}},
                            {"respond":{"status":500}}])"));
    {
      TestCaller one(server_->port());
      TestCaller two(server_->port());
      for (int i = 0; i < 10; ++i) {
        TestCaller& caller = i % 3 == 0 ? two : one;
        caller.Post("/lane/j/v1/chat/completions", "{}");
        caller.ReadResponse();
      }
      one.Close();
      EXPECT_TRUE(lane.WaitUntil([](const Snapshot& s) { return s.links[1].closed_at.has_value(); },
                                 steady_clock::now() + std::chrono::seconds(10)));
    }
    EXPECT_TRUE(lane.WaitUntil(
        [](const Snapshot& s) { return s.links[0].closed_at && s.calls.back().answered; },
        steady_clock::now() + std::chrono::seconds(10)));
    const std::string text = JournalJson(lane.Journal(), Times::kLeftOut);
    server_->CloseLane("j");
    return text;
  }
};

TEST_F(JournalTest, SameSeedAndCallsGiveTheSameBytes) {
  const std::string first = Play(1);
  EXPECT_EQ(Lines(first).size(), 12u);
  EXPECT_NE(first.find("\"status\":200"), std::string::npos);
  EXPECT_NE(first.find("\"status\":500"), std::string::npos);
  EXPECT_EQ(first, Play(1));
  EXPECT_NE(first, Play(2));
}

// Each call on a connection of its own, some of which are torn, reset or streamed.
TEST_F(JournalTest, SameSeedGivesTheSameBytesWhateverBreaks) {
  const auto play = [&](std::uint64_t seed) {
    Lane& lane = server_->OpenLane("b", {.seed = seed});
    lane.SetRules(Rules(R"([
        {"probability":0.3,"respond":{"text":"torn off in the middle","reset":"in_body"}},
        {"probability":0.3,"respond":{"text":"one two three","close":"mid_stream",
                                      "gap_ms":{"uniform":[0,2]}}},
        {"match":{"rule_call":{"every":3}},"respond":{"error":"rate_limit_exceeded"}},
        {"respond":{"text":"fine"}}])"));
    for (int i = 0; i < 12; ++i) {
      TestCaller caller(server_->port());
      caller.Post("/lane/b/v1/chat/completions", i % 2 == 0 ? R"({"stream":true})" : "{}",
                  "Connection: close\r\n");
      caller.ReadToEnd();
    }
    EXPECT_TRUE(lane.WaitUntil(
        [](const Snapshot& s) {
          const auto closed = [](const auto& entry) { return entry.closed_at.has_value(); };
          return s.links.size() == 12 && std::all_of(s.links.begin(), s.links.end(), closed) &&
                 std::all_of(s.calls.begin(), s.calls.end(), closed);
        },
        steady_clock::now() + std::chrono::seconds(10)));
    std::string text = JournalJson(lane.Journal(), Times::kLeftOut);
    server_->CloseLane("b");
    return text;
  };
  const std::string first = play(3);
  for (const char* part : {"\"with\":\"RST\"", "\"with\":\"FIN\"", "\"status\":429", "[DONE]"}) {
    EXPECT_NE(first.find(part), std::string::npos) << part << "\n" << first;
  }
  EXPECT_EQ(first, play(3));
  EXPECT_NE(first, play(4));
}

TEST_F(JournalTest, TellsACutToTheByte) {
  Exchange(R"({"body":"abcdef","reset":"in_body"})");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.links.back().closed_at.has_value(); }));
  const auto lines = Lines(JournalJson(lane_.Journal(), Times::kShown));
  ASSERT_EQ(lines.size(), 2u);
  const std::string sent =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\nabc";
  EXPECT_EQ(lines[0].at("sent_bytes"), sent.size());
  EXPECT_EQ(lines[0].at("sent_head"), json::value(sent));
  EXPECT_EQ(lines[0].at("sent_tail"), json::value(sent.substr(sent.size() - 64)));
  EXPECT_EQ(lines[0].at("end"), "answered and closed");
  EXPECT_EQ(lines[0].at("times").at("progress").as_array().size(), 1u);
  EXPECT_EQ(lines[1].at("closed_first_by"), "provider");
  EXPECT_EQ(lines[1].at("with"), "RST");
  EXPECT_EQ(lines[1].at("sent_bytes"), sent.size());
  EXPECT_GT(lines[1].at("received_bytes").as_int64(), 50);
}

TEST_F(JournalTest, TellsWhoClosedFirst) {
  Exchange(R"({"body":"a","close":"in_body"})");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.links.back().closed_at.has_value(); }));
  EXPECT_EQ(lane_.Journal().links.back().first_closer, Closer::kProvider);
  EXPECT_FALSE(lane_.Journal().links.back().reset);
  for (const bool reset : {false, true}) {
    Respond(R"({"hang":"in_body"})");
    TestCaller caller(server_->port());
    caller.Post(kChat, "{}");
    ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.bytes_sent > 0 && !c.closed_at; }));
    reset ? caller.Reset() : caller.Close();
    // A close with bytes unread is a reset, too; whoever it is, it is the caller.
    ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.links.back().closed_at.has_value(); }));
    EXPECT_EQ(lane_.Journal().links.back().first_closer, Closer::kCaller);
    EXPECT_TRUE(lane_.Journal().links.back().reset);
  }
  Respond(R"({"hang":"before_headers"})");
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return !c.closed_at; }));
  caller.Close();
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.links.back().closed_at.has_value(); }));
  EXPECT_FALSE(lane_.Journal().links.back().reset);
}

TEST_F(JournalTest, ShowsNoKey) {
  Respond(R"({"status":401,"body":"no ${key}"})");
  TestCaller caller(server_->port());
  caller.Post("/lane/l/v1/messages?key=sk-secret", R"({"a":"sk-secret"})",
              "x-api-key: sk-secret\r\nAuthorization: Basic other\r\nX-B: sk-secret\r\n");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "no sk-secret");
  ASSERT_TRUE(EventuallyCall([](const Call& c) { return c.answered; }));
  EXPECT_EQ(LastCall().headers[2].second, "sk-secret");  // in memory it stays
  const std::string text = JournalJson(lane_.Journal(), Times::kShown);
  EXPECT_EQ(text.find("sk-secret"), std::string::npos) << text;
  EXPECT_EQ(text.find("other"), std::string::npos) << text;
  EXPECT_NE(text.find("no [key]"), std::string::npos) << text;
}

TEST_F(JournalTest, WritesBytesThatAreNoText) {
  Call call;
  call.body = "a\xff";
  EXPECT_EQ(json::parse(CallJson(call, Times::kLeftOut, {})).at("body").at("hex"), "61ff");
  call.body = "é\xe2\x82\xac";
  EXPECT_EQ(json::parse(CallJson(call, Times::kLeftOut, {})).at("body"), "é€");
}

TEST_F(JournalTest, KeepsTheLastCallsOnly) {
  Lane& lane = server_->OpenLane("k", {.keep = 3});
  TestCaller caller(server_->port());
  for (int i = 1; i <= 20; ++i) {
    caller.Post("/lane/k/v1/chat/completions", "{}");
    caller.ReadResponse();
    const Snapshot journal = lane.Journal();
    EXPECT_EQ(journal.calls.back().number, i);
    EXPECT_LE(journal.calls.size(), 6u);
    EXPECT_GE(journal.calls.size(), std::min<std::size_t>(i, 3));
  }
  EXPECT_TRUE(lane.WaitUntil([](const Snapshot& s) { return s.calls.back().answered; },
                             steady_clock::now() + std::chrono::seconds(10)));
}

TEST_F(JournalTest, ResetBeginsAnew) {
  lane_.SetRules(Rules(R"([{"times":1,"then":"b","respond":{"body":"once"}},
                           {"respond":{"hang":"before_headers"}}])"));
  TestCaller caller(server_->port());
  caller.Post(kChat, "{}");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "once");
  EXPECT_EQ(lane_.State(), "b");
  caller.Post(kChat, "{}");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() == 2; }));
  Snapshot ended;
  lane_.BeforeReset([&](Snapshot journal) { ended = std::move(journal); });
  lane_.Reset();
  EXPECT_EQ(ended.calls.size(), 2u);
  lane_.BeforeReset(nullptr);
  EXPECT_EQ(lane_.Journal().calls.size(), 0u);
  EXPECT_EQ(lane_.State(), "Started");
  caller.Close();  // the call that hung is of the time before: it changes nothing
  TestCaller next(server_->port());
  next.Post(kChat, "{}");
  EXPECT_EQ(BodyOf(next.ReadResponse()), "once");
  EXPECT_EQ(LastCall().number, 1);
  EXPECT_FALSE(LastCall().closed_by_caller);
  lane_.SetState("x");
  EXPECT_EQ(lane_.State(), "x");
  EXPECT_EQ(lane_.Seed(), 1u);
  EXPECT_EQ(lane_.Rules().as_array().size(), 2u);
}

}  // namespace
}  // namespace touchstone::provider
