// What a scenario file may say, and how its faults are told: file, line, reason.
#include "conformance/scenario/scenario_file.h"

#include <gtest/gtest.h>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

const std::string kGood = R"({
  "name": "x",
  "about": "It fails.",
  "good_host": "Says so.",
  "requirements": ["PROV-04"],
  "modes": ["S"],
  "provider": [
    {"times": 1, "respond": {"status": 503}},
    {"respond": {"status": 500}}
  ],
  "play": [
    {"send": {"type": "run"}},
    {"outcome": {"request_id": "a", "ok": false}}
  ],
  "proof": [
    {"provider_did": {"call": 1, "status": 503}}
  ]
})";

class ScenarioFile : public ::testing::Test {
 protected:
  std::string Faults(const std::string& text) {
    WriteFile(folder_.path() / "x.json", text);
    const auto loaded = LoadScenario(folder_.path() / "x.json",
                                     [](const std::string& id) { return id != "NO-01"; });
    std::string all;
    if (!loaded) {
      for (const auto& fault : loaded.error()) all += fault.ToString() + "\n";
    }
    return all;
  }
  // The good file with one thing changed.
  void Refuses(const std::string& what, const std::string& by, int line, const std::string& says) {
    std::string text = kGood;
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
    const auto faults = Faults(text);
    const auto where = "x.json:" + std::to_string(line) + ": ";
    EXPECT_NE(faults.find(where), std::string::npos) << where << "\n" << faults;
    EXPECT_NE(faults.find(says), std::string::npos) << says << "\n" << faults;
  }

  TestFolder folder_;
};

TEST_F(ScenarioFile, IsReadIntoACaseWithAProof) {
  EXPECT_EQ(Faults(kGood), "");
  const auto loaded = LoadScenario(folder_.path() / "x.json", [](const auto&) { return true; });
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->play.name, "scenario/x");
  EXPECT_EQ(loaded->good_host, "Says so.");
  EXPECT_EQ(loaded->provider.size(), 2u);
  ASSERT_EQ(loaded->play.steps.size(), 3u);  // the rules are the first
  EXPECT_EQ(loaded->play.steps[1].line, 12);
  ASSERT_EQ(loaded->play.proof.size(), 1u);
  EXPECT_EQ(loaded->play.proof[0].line, 16);
  EXPECT_EQ(loaded->play.proof[0].kind, "provider_did");
}

TEST_F(ScenarioFile, WhatIsWrongIsSaidWithItsLine) {
  Refuses("\"about\"", "\"abuot\"", 3, "unknown key \"abuot\"");
  Refuses("\"It fails.\"", "7", 3, "`about`");
  Refuses("\"Says so.\"", "\"\"", 4, "`good_host`");
  Refuses("\"x\"", "\"y\"", 2, "the file's name");
  Refuses("\"PROV-04\"", "\"NO-01\"", 5, "NO-01");
  Refuses("[\"S\"]", "[\"Q\"]", 6, "\"Q\"");
  Refuses("503}}", "5030}}", 8, "provider[0].respond.status");
  Refuses("\"respond\": {\"status\": 500}", "\"response\": {}", 9, "response");
  Refuses("\"times\": 1, ", "", 9, "takes every call");
  Refuses("\"send\"", "\"sned\"", 12, "sned");
  Refuses("\"ok\": false", "\"okay\": false", 13, "okay");
  Refuses("\"status\": 503}}\n  ]\n}", "\"statuss\": 503}}\n  ]\n}", 16, "statuss");
  Refuses("{\"provider_did\": {\"call\": 1, \"status\": 503}}", "{\"sleep_ms\": 1}", 16,
          "a proof is one of");
  Refuses("\"call\": 1", "\"call\": 0", 16, "`call`");
  Refuses("{\"outcome\": {\"request_id\": \"a\", \"ok\": false}}", "{\"sleep_ms\": 1}", 11,
          "no host can fail it");
  Refuses("\"modes\"", "\"modes", 6, "");
}

TEST_F(ScenarioFile, TheLineIsSaidOnceAndIsTheRightOne) {
  const auto file = (folder_.path() / "x.json").string();
  EXPECT_EQ(Faults("{\n\"name\": }"), file + ":2: not JSON: syntax error\n");
  EXPECT_EQ(Faults("").find(file + ":1: not JSON: "), 0u) << Faults("");
  Refuses("\"good_host\"", "\"about\"", 4, "the key \"about\" is given twice");
  Refuses("\"modes\": [\"S\"],", "\"modes\": [\"S\"],\n  \"env\": {\"A\": \"${state_dirr}\"},", 7,
          "unknown variable ${state_dirr}");
  const auto missing = LoadScenario("/no/such.json", [](const auto&) { return true; });
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().front().ToString(), "/no/such.json: cannot be read");
}

TEST_F(ScenarioFile, ImpossibleNumbersAndRulesThatNeverMatchAreRefused) {
  const std::string rule = "{\"times\": 1, \"respond\": {\"status\": 503}}";
  const auto refuses = [&](const std::string& by, const std::string& says) {
    Refuses(rule, by, 8, says);
  };
  refuses(R"({"times": 0, "respond": {}})", "provider[0].times: expected an integer from 1");
  refuses(R"({"times": "two", "respond": {}})", "got the string \"two\"");
  refuses(R"({"probability": 1.5, "respond": {}})", "expected a number from 0 to 1");
  refuses(R"({"times": 1, "respond": {"delay_ms": -5}})", "got the number -5");
  refuses(R"({"times": 1, "respond": {"delay_ms": 1e30}})", "from 0 to 86400000");
  refuses(R"({"times": 1, "respond": {"drip": {"bytes": 0}}})", "of at least 1");
  refuses(R"({"times": 1, "respond": {"status": 503, "error": "server_error"}})", "exclude");
  refuses(R"({"state": "nowhere", "respond": {}})", "never matches: no rule has");
  refuses(R"({"match": {"rule_call": {"from": 5, "to": 2}}, "respond": {}})", "from is 5, to is 2");
  Refuses("\"status\": 503}}\n  ]\n}", "\"status\": 503}, \"deadline_ms\": -1}\n  ]\n}", 16,
          "`deadline_ms`");
  Refuses("{\"call\": 1, \"status\": 503}", "[{\"call\": 1}, 7]", 16, "expected an object, got 7");
  Refuses("{\"call\": 1, \"status\": 503}", "[]", 16, "a list that is not empty");
}

TEST_F(ScenarioFile, TwoOfOneNameCannotBe) {
  const auto load = [&] {
    const auto all = LoadScenarios(folder_.path(), [](const auto&) { return true; });
    return all ? std::to_string(all->size()) : all.error().front().ToString();
  };
  WriteFile(folder_.path() / "x.json", kGood);
  EXPECT_EQ(load(), "1");
  WriteFile(folder_.path() / "y.json", kGood);
  EXPECT_EQ(load(),
            (folder_.path() / "y.json").string() + ":2: `name` must be the file's name, \"y\"");
}

TEST_F(ScenarioFile, EachListMustHoldSomething) {
  for (const char* key : {"provider", "play", "proof"}) {
    std::string text = kGood;
    const auto at = text.find("\"" + std::string(key) + "\": [");
    text.replace(at, std::string(key).size() + 2, "\"" + std::string(key) + "x\"");
    EXPECT_NE(Faults(text).find("`" + std::string(key) + "` must be a list"), std::string::npos);
  }
}

TEST_F(ScenarioFile, AFolderWithoutScenariosIsAFault) {
  EXPECT_FALSE(LoadScenarios(folder_.path(), [](const auto&) { return true; }));
}

// What a play tells of its proof.
class Proof : public ::testing::Test {
 protected:
  PlayResult Play(const std::string& rules, const std::string& prompt, const std::string& outcome,
                  const std::string& proof) {
    WriteFile(folder_.path() / "x.json",
              R"({"name":"x","about":"x","good_host":"x","requirements":["PROV-04"],"modes":["O"],)"
              R"("provider":)" +
                  rules +
                  R"(,"play":[{"send":{"protocol_version":1,"type":"run","session_id":"s",)"
                  R"("request_id":"a","idempotency_key":"k","prompt":")" +
                  prompt + R"("}},{"outcome":{"request_id":"a",)" + outcome + R"(}}],"proof":)" +
                  proof + "}");
    const auto loaded = LoadScenario(folder_.path() / "x.json", [](const auto&) { return true; });
    EXPECT_TRUE(loaded) << loaded.error().front().ToString();
    return PlayCase(bench_.rig(), loaded->play, Mode::kOneShot);
  }

  TestFolder folder_;
  Bench bench_;
};

const char* const kDown = R"([{"respond":{"status":503}}])";
const char* const kDownProof =
    R"([{"provider_did":{"call":"every","status":503,"answered":true,"bytes":"<between:50:2000>",)"
    R"("took_ms":"<between:0:5000>","stream":false,"rule":0}}])";

TEST_F(Proof, HoldsForAHostThatKeepsAndForOneThatBreaks) {
  auto kept = Play(kDown, "provider", R"("code":"PROVIDER_DOWN")", kDownProof);
  EXPECT_TRUE(kept.violations.empty()) << Describe(kept);
  EXPECT_EQ(kept.unproven, "");
  EXPECT_EQ(kept.proven.size(), 1u);
  auto broken = Play(kDown, "provider", R"("code":"INTERNAL")", kDownProof);
  EXPECT_EQ(Blamed(broken), std::set<std::string>{"PROV-04"});
  EXPECT_EQ(broken.unproven, "");
}

TEST_F(Proof, FailsWhenTheFaultDidNotHappen) {
  const auto never = Play(kDown, "text:x", R"("ok":true)", kDownProof);
  EXPECT_NE(never.unproven.find("never called"), std::string::npos) << never.unproven;
  for (const char* wrong :
       {R"({"status":500})", R"({"call":2,"status":503})", R"({"bytes":0})",
        R"({"answered":false})", R"({"closed_by":"caller"})",
        R"({"took_ms":"<between:5000:6000>"})", R"({"calls":2})", R"({"connections":7})",
        R"({"stream":true})", R"({"call":"any","status":200})", R"({"call":"every","rule":1})",
        R"({"ended_with":"reset"})", R"({"longest_gap_ms":"<between:500:9999>"})",
        R"({"since_last_ms":"<integer>"})"}) {
    const auto result = Play(kDown, "provider", R"("code":"PROVIDER_DOWN")",
                             "[{\"provider_did\":" + std::string(wrong) + ",\"deadline_ms\":50}]");
    EXPECT_NE(result.unproven.find("the fault did not happen"), std::string::npos) << wrong;
  }
}

TEST_F(Proof, MaySkipTheScenarioForAHostThatTheFaultCannotReach) {
  const auto result = Play(kDown, "provider", R"("code":"PROVIDER_DOWN")",
                           R"([{"provider_did":{"stream":true},"deadline_ms":50,)"
                           R"("or_skip":"the host asks for no stream"}])");
  EXPECT_EQ(result.not_playable, "the host asks for no stream");
  EXPECT_EQ(result.unproven, "");
}

TEST_F(Proof, SeesEachConnectionToAPortOfThePlaysOwn) {
  const auto play = [&](const std::string& scheme, const std::string& code) {
    return Play(R"([{"respond":{"text":"on my own port"}}],"env":{"LLM_BASE_URL":")" + scheme +
                    R"(://127.0.0.1:${provider.port}/v1"})",
                "provider", code,
                R"([{"provider_did":{"connections":"<between:1:9>"},"deadline_ms":50,)"
                R"("or_skip":"it never came"},{"provider_did":{"spoke":["http"],"calls":1}}])");
  };
  const auto plain = play("http", R"("text":"on my own port")");
  EXPECT_EQ(plain.unproven + plain.not_playable, "");
  EXPECT_TRUE(plain.violations.empty() && plain.harness_bug.empty()) << Describe(plain);
  // The mini host knows no TLS, and does not even knock.
  EXPECT_EQ(play("https", R"("code":"PROVIDER_DOWN")").not_playable, "it never came");
}

TEST_F(Proof, OfTheNetwork) {
  const auto play = [&](const std::string& proof) {
    return Play(kDown, "provider", R"("code":"PROVIDER_DOWN")", proof).unproven;
  };
  EXPECT_EQ(play(R"([{"does_not_resolve":"touchstone.invalid"}])"), "");
  EXPECT_NE(play(R"([{"does_not_resolve":"127.0.0.1"}])"), "");
  EXPECT_EQ(play(R"([{"refuses_connections":"127.0.0.1:${closed_port}"}])"), "");
  EXPECT_NE(play(R"([{"refuses_connections":"127.0.0.1:${silent_port}"}])"), "");
}

}  // namespace
}  // namespace touchstone::testing
