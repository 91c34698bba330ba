// The journal, waits and barriers of the control API over real sockets.
#include <gtest/gtest.h>

#include <thread>

#include "fault-injection/provider/control_fixture.h"

namespace touchstone::provider {
namespace {

// The numbers of the calls that the journal shows.
std::string NumbersOf(const Said& said) {
  std::string numbers;
  for (const auto& call : said.json.at("calls").as_array()) {
    numbers += std::to_string(call.at("call").as_int64());
  }
  return numbers;
}

TEST_F(ControlTest, FiltersTheJournal) {
  Put(R"([{"match":{"text":"slow"},"then":"slowed","respond":{"status":503}},
          {"match":{"text":"hang"},"respond":{"hang":"before_headers"}},
          {"match":{"text":"fine"},"respond":{}}])");
  Call("slow");                      // 1
  Call("fine", "/v1/messages");      // 2
  Call("other");                     // 3: no rule
  Call("fine", "/v1/messages?a=b");  // 4
  Call("x", "/nowhere");             // 5: no dialect
  TestCaller hung(server_->port());  // 6
  hung.Post("/v1/chat/completions", Body("hang"));
  {
    TestCaller gone(server_->port());  // 7
    gone.Post("/v1/chat/completions", Body("hang"));
    WaitFor("calls=7");
  }
  WaitFor("closed_by_caller=true");
  WaitFor("calls=6&ended=true");
  const std::vector<std::pair<const char*, const char*>> cases{{"", "1234567"},
                                                               {"call=3", "3"},
                                                               {"since=4", "567"},
                                                               {"rule=0", "1"},
                                                               {"rule=-1", "35"},
                                                               {"matched=true", "12467"},
                                                               {"matched=false", "35"},
                                                               {"status=503", "1"},
                                                               {"status=0", "67"},
                                                               {"connection=2", "2"},
                                                               {"dialect=anthropic", "24"},
                                                               {"method=POST", "1234567"},
                                                               {"method=PUT", ""},
                                                               {"path=/v1/mess*", "24"},
                                                               {"path=*%3Fa%3Db", "4"},
                                                               {"text=fin", "24"},
                                                               {"state=Started", "1"},
                                                               {"ended=false", "6"},
                                                               {"closed_by_caller=true", "7"},
                                                               {"dialect=anthropic&since=2", "4"},
                                                               {"limit=2", "12"},
                                                               {"limit=2&since=2", "34"}};
  for (const auto& [query, numbers] : cases) {
    EXPECT_EQ(NumbersOf(Ask("GET", "journal?" + std::string(query))), numbers) << query;
  }
  const Said page = Ask("GET", "journal?limit=2&times=false");
  EXPECT_TRUE(page.json.at("more").as_bool());
  EXPECT_EQ(page.Number("/total"), 7);
  EXPECT_EQ(page.Find("/calls/0/times"), nullptr);
  EXPECT_FALSE(Ask("GET", "journal?since=5").json.at("more").as_bool());
}

TEST_F(ControlTest, ShowsTheConnections) {
  Call();
  TestCaller open(server_->port());
  open.Post("/v1/chat/completions", kCall);
  open.ReadResponse();
  EXPECT_TRUE(lane_.WaitUntil([](const Snapshot& s) { return s.links[0].closed_at.has_value(); },
                              steady_clock::now() + std::chrono::seconds(10)));
  const Said all = Ask("GET", "connections");
  EXPECT_EQ(all.json.at("connections").as_array().size(), 2u);
  EXPECT_EQ(all.Text("/connections/0/closed_first_by"), "caller");
  EXPECT_EQ(Ask("GET", "connections?open=true").Number("/connections/0/connection"), 2);
  EXPECT_EQ(Ask("GET", "connections?open=false").Number("/connections/0/connection"), 1);
  EXPECT_EQ(Ask("GET", "connections?since=1&limit=1").Number("/connections/0/connection"), 2);
}

// ---- wait

TEST_F(ControlTest, WaitsForTheNthCallWhileOthersAreServed) {
  TestCaller waiter(server_->port());
  waiter.Send(RequestOf("GET", "/__touchstone/wait?calls=3&timeout_ms=20000"));
  for (int i = 0; i < 2; ++i) Call();
  EXPECT_EQ(waiter.Peek().first, "");
  Call();
  const Said said = Understand(waiter.ReadResponse());
  EXPECT_EQ(boost::json::serialize(said.json), R"({"reached":true,"calls":3,"wanted":3})");
  // The connection goes on.
  waiter.Send(RequestOf("GET", "/__touchstone/wait?calls=1"));
  EXPECT_EQ(Understand(waiter.ReadResponse()).Number("/calls"), 3);
}

TEST_F(ControlTest, SaysHowManyThereAreWhenTheTimeIsUp) {
  Call();
  const auto start = steady_clock::now();
  const Said said = Ask("GET", "wait?calls=2&timeout_ms=50");
  EXPECT_GE(steady_clock::now() - start, milliseconds(50));
  EXPECT_EQ(said.status, 200);
  EXPECT_EQ(boost::json::serialize(said.json), R"({"reached":false,"calls":1,"wanted":2})");
  EXPECT_EQ(Ask("GET", "wait?calls=2&timeout_ms=0").Number("/calls"), 1);
}

TEST_F(ControlTest, WaitsWithFilters) {
  Put(R"([{"match":{"text":"a"},"respond":{"status":503}},{"respond":{}}])");
  TestCaller waiter(server_->port());
  waiter.Send(RequestOf("GET", "/__touchstone/wait?calls=2&status=503&timeout_ms=20000"));
  for (const char* text : {"a", "b", "b", "a"}) Call(text);
  EXPECT_EQ(Understand(waiter.ReadResponse()).Number("/calls"), 2);
}

TEST_F(ControlTest, AWaitEndsWithItsCallerAndWithTheServer) {
  TestCaller gone(server_->port());
  gone.Send(RequestOf("GET", "/__touchstone/wait?calls=2&timeout_ms=3600000"));
  gone.Reset();
  TestCaller waiter(server_->port());
  waiter.Send(RequestOf("GET", "/__touchstone/wait?calls=2&timeout_ms=3600000"));
  Call();
  const auto start = steady_clock::now();
  server_.reset();
  EXPECT_EQ(waiter.ReadToEnd(), (std::pair{""s, Ending::kFin}));
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(ControlTest, AnswersWhatWasPipelinedBehindAWait) {
  TestCaller caller(server_->port());
  caller.Send(RequestOf("GET", "/__touchstone/wait?timeout_ms=20") +
              RequestOf("GET", "/__touchstone/state"));
  EXPECT_FALSE(Understand(caller.ReadResponse()).json.at("reached").as_bool());
  EXPECT_EQ(Understand(caller.ReadResponse()).Text("/state"), "Started");
}

// ---- barriers

TEST_F(ControlTest, HoldsCallsUntilTheyAreReleased) {
  EXPECT_EQ(Ask("POST", "hold/gate", R"({"text":"slow"})").status, 201);
  EXPECT_EQ(Ask("POST", "hold/gate", R"({"text":"slow"})").status, 200);
  TestCaller first(server_->port());
  TestCaller second(server_->port());
  TestCaller third(server_->port());
  first.Post("/v1/chat/completions", Body("slow"));
  WaitFor("held=gate");
  second.Post("/v1/messages?key=SECRET", Body("slow"));
  WaitFor("held=gate&calls=2");
  third.Post("/v1/messages", Body("slow"));
  WaitFor("held=gate&calls=3");
  EXPECT_TRUE(Call("quick").starts_with("HTTP/1.1 200 "));
  const Said holds = Ask("GET", "holds");
  EXPECT_EQ(boost::json::serialize(holds.json.at("barriers")),
            R"([{"name":"gate","match":{"text":"slow"}}])");
  EXPECT_EQ(holds.json.at("held").as_array().size(), 3u);
  EXPECT_EQ(holds.Number("/held/1/call"), 2);
  EXPECT_EQ(holds.Text("/held/1/path"), "/v1/messages");
  EXPECT_EQ(first.Peek().first, "");
  EXPECT_EQ(Ask("POST", "release/gate?calls=1").Number("/released"), 1);
  EXPECT_TRUE(first.ReadResponse().starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(second.Peek().first, "");
  EXPECT_EQ(Ask("POST", "release/gate", "{}").Number("/released"), 2);
  EXPECT_TRUE(second.ReadResponse().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(third.ReadResponse().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(Call("slow").starts_with("HTTP/1.1 200 "));  // the barrier is gone
}

TEST_F(ControlTest, AHeldCallWhoseCallerLeavesIsJournaledSo) {
  Ask("POST", "hold/gate");
  {
    TestCaller caller(server_->port());
    caller.Post("/v1/chat/completions", kCall);
    WaitFor("held=gate");
  }
  WaitFor("closed_by_caller=true");
  EXPECT_EQ(Ask("GET", "journal").Text("/calls/0/end"), "closed by the caller");
  EXPECT_EQ(Ask("GET", "journal").Number("/calls/0/sent_bytes"), 0);
  EXPECT_EQ(Ask("GET", "holds").json.at("held").as_array().size(), 0u);
  EXPECT_EQ(Ask("POST", "release/gate").Number("/released"), 0);
}

TEST_F(ControlTest, ABarrierCountsAsARuleDoes) {
  Ask("POST", "hold/second", R"({"rule_call":2,"text":"x"})");
  EXPECT_TRUE(Call("x").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(Call("y").starts_with("HTTP/1.1 200 "));
  TestCaller caller(server_->port());
  caller.Post("/v1/chat/completions", Body("x"));
  WaitFor("held=second");
  EXPECT_TRUE(Call("x").starts_with("HTTP/1.1 200 "));
}

TEST_F(ControlTest, ReleasesTheHoldsOfRulesToo) {
  Put(R"([{"respond":{"hold":"by-rule","body":"a"}}])");
  const Said unknown = Ask("POST", "release/other");
  EXPECT_NE(unknown.Text("/error/message").find("by-rule"), std::string_view::npos);
  TestCaller caller(server_->port());
  caller.Post("/v1/chat/completions", kCall);
  WaitFor("held=by-rule");
  EXPECT_EQ(Ask("POST", "release/by-rule?calls=5").Number("/released"), 1);
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "a");
  Ask("POST", "hold/first");  // a barrier, and then the rule
  caller.Post("/v1/chat/completions", kCall);
  WaitFor("held=first");
  Ask("POST", "release/first");
  WaitFor("held=by-rule");
  Ask("POST", "release/by-rule");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "a");
}

TEST_F(ControlTest, HoldsACallThatNoRuleMatches) {
  Put("[]");
  Ask("POST", "hold/h");
  TestCaller caller(server_->port());
  caller.Post("/v1/chat/completions", kCall);
  WaitFor("held=h");
  Ask("POST", "release/h");
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 500 "));
}

TEST_F(ControlTest, AResetLetsHeldCallsGo) {
  Put(R"([{"respond":{"hold":"by-rule","body":"a"}}])");
  Ask("POST", "hold/gate");
  TestCaller caller(server_->port());
  caller.Post("/v1/chat/completions", kCall);
  WaitFor("held=gate");
  Ask("POST", "reset");
  EXPECT_EQ(BodyOf(caller.ReadResponse()), "a");
  EXPECT_EQ(lane_.Journal().calls.size(), 0u);
}

TEST_F(ControlTest, StopsWhileCallsAreHeld) {
  Ask("POST", "hold/gate");
  TestCaller caller(server_->port());
  caller.Post("/v1/chat/completions", kCall);
  WaitFor("held=gate");
  server_.reset();
  EXPECT_EQ(caller.ReadToEnd(), (std::pair{""s, Ending::kFin}));
}

}  // namespace
}  // namespace touchstone::provider
