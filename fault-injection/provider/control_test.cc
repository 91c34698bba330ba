// The control API over real sockets: each resource, and each refusal.
#include <gtest/gtest.h>

#include "fault-injection/provider/control_fixture.h"

namespace touchstone::provider {
namespace {

TEST_F(ControlTest, TeachesWhatThereIs) {
  for (const char* path : {"/__touchstone", "/__touchstone/", "http://h/__touchstone/"}) {
    TestCaller caller(server_->port());
    caller.Send(RequestOf("GET", path));
    const Said said = Understand(caller.ReadResponse());
    EXPECT_EQ(said.status, 200) << path;
    EXPECT_EQ(said.json.at("resources").as_array().size(), 12u);
  }
}

// A host that is judged must not reach the control of its own judge.
TEST_F(ServerTest, HasNoControlUnlessTold) {
  server_->OpenLane("");
  TestCaller caller(server_->port());
  for (const char* path : {"/__touchstone/rules", "/lane/l/__touchstone/rules"}) {
    caller.Send(RequestOf("PUT", path, "[]"));
    EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 404 ")) << path;
    caller.Send(RequestOf("GET", path));
    EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 404 ")) << path;
  }
  EXPECT_EQ(boost::json::serialize(lane_.Rules()), R"([{"respond":{}}])");
}

TEST_F(ControlTest, OtherLanesHaveNoControl) {
  server_->OpenLane("l");
  TestCaller caller(server_->port());
  caller.Send(RequestOf("GET", "/lane/l/__touchstone/rules"));
  EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 404 "));
}

TEST_F(ControlTest, StandsNotInTheJournalAndTakesNoRule) {
  Put(R"([{"times":1,"respond":{"body":"once"}},{"respond":{"body":"then"}}])");
  Ask("GET", "journal");
  Ask("POST", "nothing");
  {
    TestCaller caller(server_->port());  // one connection for both
    caller.Send(RequestOf("GET", "/__touchstone/state"));
    caller.ReadResponse();
    caller.Post("/v1/chat/completions", kCall);
    EXPECT_EQ(BodyOf(caller.ReadResponse()), "once");
  }
  WaitFor("ended=true");
  const Snapshot journal = lane_.Journal();
  EXPECT_EQ(journal.calls.size(), 1u);
  EXPECT_EQ(journal.calls[0].number, 1);
  EXPECT_EQ(journal.connections, 1);
  EXPECT_EQ(journal.probes, 0);
}

TEST_F(ControlTest, StillTellsOfAConnectionThatNeverSpeaks) {
  {
    TestCaller silent(server_->port());
    TestCaller half(server_->port());
    half.Send("POST /v1/me");
    TestCaller garbage(server_->port());
    garbage.Send("\x16\x03\x01 hello");
    garbage.ReadToEnd();
    Ask("GET", "");
  }
  EXPECT_TRUE(lane_.WaitUntil([](const Snapshot& s) { return s.connections == 3; },
                              steady_clock::now() + std::chrono::seconds(10)));
  for (const char* body : {"{}", ""}) Ask("POST", "reset", body);
  EXPECT_EQ(lane_.Journal().connections, 0);
}

// ---- rules

TEST_F(ControlTest, ReplacesTheRules) {
  EXPECT_EQ(boost::json::serialize(Ask("GET", "rules").json), R"({"rules":[{"respond":{}}]})");
  const char* once = R"([{"times":1,"respond":{"body":"a"}},{"respond":{"body":"b"}}])";
  const Said said = Ask("PUT", "rules", once);
  EXPECT_EQ(said.status, 200);
  EXPECT_EQ(said.json.at("rules"), boost::json::parse(once));
  EXPECT_EQ(BodyOf(Call()), "a");
  EXPECT_EQ(BodyOf(Call()), "b");
  // What GET gives PUT takes, and counters start anew.
  EXPECT_EQ(Ask("PUT", "rules", boost::json::serialize(Ask("GET", "rules").json)).status, 200);
  EXPECT_EQ(BodyOf(Call()), "a");
}

struct Refusal {
  const char* name;
  const char* method;
  const char* path;
  const char* body;
  int status;
  const char* code;
  const char* where;  // error.path, or line:column
  const char* words;  // of the message
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class ControlRefuses : public ControlTest, public testing::WithParamInterface<Refusal> {};

TEST_P(ControlRefuses, WithReasonAndWithoutEffect) {
  const Refusal& given = GetParam();
  const std::string rules = boost::json::serialize(lane_.Rules());
  const Said said = Ask(given.method, given.path, given.body);
  EXPECT_EQ(said.status, given.status) << boost::json::serialize(said.json);
  EXPECT_EQ(said.Text("/error/code"), given.code);
  EXPECT_NE(said.Text("/error/message").find(given.words), std::string_view::npos)
      << said.Text("/error/message");
  std::string where;
  if (said.Find("/error/path") != nullptr) where = said.Text("/error/path");
  if (said.Find("/error/at") != nullptr) {
    where = std::to_string(said.Number("/error/at/line")) + ":" +
            std::to_string(said.Number("/error/at/column"));
  }
  EXPECT_EQ(where, given.where);
  EXPECT_EQ(boost::json::serialize(lane_.Rules()), rules);
  EXPECT_EQ(lane_.State(), "Started");
}

INSTANTIATE_TEST_SUITE_P(
    Each, ControlRefuses,
    testing::Values(
        Refusal{"RulesNotJson", "PUT", "rules", "[{\"respond\":{}},\n {\"a\" x}]", 400, "not_json",
                "2:7", "no JSON"},
        Refusal{"RulesEmpty", "PUT", "rules", "", 400, "not_json", "1:1", "incomplete"},
        Refusal{"RulesCutOff", "PUT", "rules", "[{\"respond\":", 400, "not_json", "1:13",
                "incomplete"},
        Refusal{"RulesTwice", "PUT", "rules", "[] []", 400, "not_json", "1:4", "extra data"},
        Refusal{"RulesTooDeep", "PUT", "rules",
                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 400,
                "not_json", "1:65", "deep"},
        Refusal{"RulesNotAList", "PUT", "rules", "7", 400, "bad_rules", "", "a list of rules"},
        Refusal{"RulesWithoutRules", "PUT", "rules", "{}", 400, "bad_body", "", "the key rules"},
        Refusal{"RulesUnknownKey", "PUT", "rules", R"({"rules":[],"seed":1})", 400, "bad_body",
                "seed", "known are rules"},
        Refusal{"RulesBadRule", "PUT", "rules", R"([{"respond":{}},{"respond":{"status":99}}])",
                400, "bad_rules", "[1].respond.status", "from 200 to 599"},
        Refusal{"RulesNeverReached", "PUT", "rules", R"([{"respond":{}},{"respond":{}}])", 400,
                "bad_rules", "[1]", "never matches"},
        Refusal{"RulesParameter", "PUT", "rules?x=1", "[]", 400, "bad_parameter", "x", "unknown"},
        Refusal{"RulesMethod", "DELETE", "rules", "", 405, "method_not_allowed", "",
                "GET, HEAD, PUT"},
        Refusal{"StateUnknown", "PUT", "state", R"({"state":"x"})", 400, "unknown_state", "state",
                "known are \"Started\""},
        Refusal{"StateNoName", "PUT", "state", R"({"state":1})", 400, "bad_body", "state",
                "\"NAME\""},
        Refusal{"StateNoBody", "PUT", "state", "", 400, "bad_body", "state", "\"NAME\""},
        Refusal{"StateList", "PUT", "state", "[]", 400, "bad_body", "", "expected an object"},
        Refusal{"ResetSeed", "POST", "reset", R"({"seed":0})", 400, "bad_body", "seed", "from 1"},
        Refusal{"ResetSeedText", "POST", "reset", R"({"seed":"1"})", 400, "bad_body", "seed",
                "\"1\""},
        Refusal{"ResetKey", "POST", "reset", R"({"sed":1})", 400, "bad_body", "sed", "known are"},
        Refusal{"JournalNumber", "GET", "journal?call=one", "", 400, "bad_parameter", "call",
                "got \"one\""},
        Refusal{"JournalFlag", "GET", "journal?matched=1", "", 400, "bad_parameter", "matched",
                "true or false"},
        Refusal{"JournalTwice", "GET", "journal?rule=1&rule=2", "", 400, "bad_parameter", "rule",
                "twice"},
        Refusal{"JournalPercent", "GET", "journal?path=%zz", "", 400, "bad_parameter", "path=%zz",
                "hex"},
        Refusal{"JournalUnknown", "GET", "journal?stat=1", "", 400, "bad_parameter", "stat",
                "status"},
        Refusal{"JournalLimit", "GET", "journal?limit=0", "", 400, "bad_parameter", "limit",
                "from 1 to"},
        Refusal{"ConnectionsUnknown", "GET", "connections?rule=1", "", 400, "bad_parameter", "rule",
                "since, open"},
        Refusal{"WaitCalls", "GET", "wait?calls=0", "", 400, "bad_parameter", "calls", "from 1"},
        Refusal{"WaitTimeout", "GET", "wait?timeout_ms=99999999999", "", 400, "bad_parameter",
                "timeout_ms", "3600000"},
        Refusal{"WaitHeldAndFilter", "GET", "wait?held=a&rule=1", "", 400, "bad_parameter", "held",
                "excludes"},
        Refusal{"WaitMethod", "POST", "wait", "", 405, "method_not_allowed", "", "GET, HEAD"},
        Refusal{"HoldKey", "POST", "hold/a", R"({"txt":"b"})", 400, "bad_match", "txt",
                "unknown key"},
        Refusal{"HoldValue", "POST", "hold/a", R"({"turns":{"at_least":0}})", 400, "bad_match",
                "turns.at_least", "from 1 to"},
        Refusal{"HoldList", "POST", "hold/a", "[]", 400, "bad_match", "", "expected an object"},
        Refusal{"HoldNoName", "POST", "hold/", "", 400, "bad_name", "", "1 to 200"},
        Refusal{"HoldNotText", "POST", "hold/%ff", "", 400, "bad_name", "", "UTF-8"},
        Refusal{"HoldMethod", "GET", "hold/a", "", 405, "method_not_allowed", "", "takes POST"},
        Refusal{"ReleaseUnknown", "POST", "release/a", "", 404, "no_such_hold", "", "neither"},
        Refusal{"ReleaseBody", "POST", "release/a", R"({"calls":1})", 400, "bad_body", "calls",
                "unknown key"},
        Refusal{"ReleaseCalls", "POST", "release/a?calls=x", "", 400, "bad_parameter", "calls",
                "\"x\""},
        Refusal{"NoPath", "GET", "jurnal", "", 404, "no_such_path", "", "/__touchstone/journal"},
        Refusal{"NoName", "POST", "hold", "", 404, "no_such_path", "", "hold/NAME"},
        Refusal{"TooMuchPath", "GET", "rules/x", "", 404, "no_such_path", "", "nearest is"}),
    [](const auto& info) { return info.param.name; });

TEST_F(ControlTest, SaysWhichMethodsThereAre) {
  const Said said = Ask("PATCH", "state");
  EXPECT_EQ(said.status, 405);
  EXPECT_NE(said.head.find("\r\nAllow: GET, HEAD, PUT"), std::string::npos) << said.head;
  TestCaller caller(server_->port());
  caller.Send("HEAD /__touchstone/state HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto [response, ending] = caller.ReadToEnd();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
  EXPECT_EQ(BodyOf(response), "");
}

TEST_F(ControlTest, RefusesABodyAbove64MiB) {
  for (const char* length :
       {"Content-Length: 67108865\r\n", "Content-Length: 67108865\r\nExpect: 100-continue\r\n"}) {
    TestCaller caller(server_->port());
    caller.Send("PUT /__touchstone/rules HTTP/1.1\r\nHost: x\r\n" + std::string(length) + "\r\n");
    const Said said = Understand(caller.ReadToEnd().first);
    EXPECT_EQ(said.status, 413);
    EXPECT_EQ(said.Text("/error/code"), "request_too_large");
  }
  TestCaller caller(server_->port());
  caller.Send("PUT /__touchstone/rules HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(1u << 20, ' ') + "\r\n";
  for (int i = 0; i < 65; ++i) caller.Send(chunk);
  EXPECT_EQ(Understand(caller.ReadToEnd().first).status, 413);
  EXPECT_EQ(lane_.Journal().connections, 0);  // none of them called the provider
}

TEST_F(ControlTest, TakesABodyOf64MiB) {
  const std::string rules = R"([{"respond":{"body":"a"}}])";
  EXPECT_EQ(Ask("PUT", "rules", std::string((64u << 20) - rules.size(), ' ') + rules).status, 200);
  EXPECT_EQ(BodyOf(Call()), "a");
}

// ---- state and reset

TEST_F(ControlTest, ShowsAndSetsTheState) {
  Put(R"([{"state":"down","then":"down","respond":{"body":"d"}},{"respond":{"body":"u"}}])");
  EXPECT_EQ(BodyOf(Call()), "u");
  EXPECT_EQ(Ask("PUT", "state", R"({"state":"down"})").Text("/state"), "down");
  EXPECT_EQ(BodyOf(Call()), "d");
  EXPECT_EQ(boost::json::serialize(Ask("GET", "state").json),
            R"({"state":"down","known":["Started","down"],"seed":5,"calls":2,"probes":0,)"
            R"("rules":[{"admitted":1,"served":1},{"admitted":2,"served":1}]})");
}

TEST_F(ControlTest, ResetsAllButTheRules) {
  Put(R"([{"times":1,"then":"on","respond":{"body":"a"}},{"respond":{"body":"b"}}])");
  EXPECT_EQ(BodyOf(Call()), "a");
  Ask("POST", "hold/h", R"({"text":"never"})");
  const Said said = Ask("POST", "reset", R"({"seed":9})");
  EXPECT_EQ(boost::json::serialize(said.json),
            R"({"state":"Started","known":["Started","on"],"seed":9,"calls":0,"probes":0,)"
            R"("rules":[{"admitted":0,"served":0},{"admitted":0,"served":0}]})");
  EXPECT_EQ(boost::json::serialize(Ask("GET", "holds").json), R"({"barriers":[],"held":[]})");
  EXPECT_EQ(lane_.Seed(), 9u);
  EXPECT_EQ(BodyOf(Call()), "a");
  EXPECT_EQ(Ask("GET", "journal").Number("/calls/0/call"), 1);
}

TEST_F(ControlTest, TheSeedOfAResetIsThatOfTheDraws) {
  Put(R"([{"probability":0.5,"respond":{"body":"1"}},{"respond":{"body":"0"}}])");
  const auto draw = [&](const char* body) {
    Ask("POST", "reset", body);
    std::string drawn;
    for (int i = 0; i < 30; ++i) drawn += BodyOf(Call());
    return drawn;
  };
  const std::string first = draw(R"({"seed":1})");
  EXPECT_NE(draw(R"({"seed":2})"), first);
  EXPECT_EQ(draw(R"({"seed":1})"), first);
  EXPECT_EQ(draw(""), first);
}

// A connection that outlives a reset is one of the new life's connections.
TEST_F(ControlTest, AResetBeginsANewJournalOnOldConnections) {
  TestCaller first(server_->port());
  TestCaller second(server_->port());
  for (TestCaller* caller : {&first, &second}) {
    caller->Post("/v1/chat/completions", kCall);
    caller->ReadResponse();
  }
  Ask("POST", "reset");
  second.Post("/v1/chat/completions", kCall);
  second.ReadResponse();
  first.Close();
  second.Close();
  EXPECT_TRUE(
      lane_.WaitUntil([](const Snapshot& s) { return s.links.size() == 1 && s.links[0].closed_at; },
                      steady_clock::now() + std::chrono::seconds(10)));
  const Snapshot journal = lane_.Journal();
  EXPECT_EQ(journal.connections, 1);
  EXPECT_EQ(journal.calls.at(0).connection, 1);
}

TEST_F(ControlTest, RefusesPagesInABrowserAndNoOthers) {
  const auto status = [&](std::string_view header) {
    TestCaller caller(server_->port());
    caller.Send("POST /__touchstone/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" +
                std::string(header) + "\r\n");
    return Understand(caller.ReadResponse()).status;
  };
  EXPECT_EQ(status(""), 200);
  EXPECT_EQ(status("Sec-Fetch-Site: none\r\n"), 200);
  EXPECT_EQ(status("Origin: http://elsewhere.example\r\n"), 403);
  EXPECT_EQ(status("Sec-Fetch-Site: cross-site\r\n"), 403);
}

}  // namespace
}  // namespace touchstone::provider
