// The steps about the mock provider: what it answers, and what it must have seen.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

constexpr Mode S = Mode::kStream, O = Mode::kOneShot;

std::string Ask(const std::string& id, const std::string& outcome) {
  return R"({"send":{"protocol_version":1,"type":"run","session_id":"s",)"
         R"("idempotency_key":"k","request_id":")" +
         id + R"(","prompt":"provider )" + id + "\"}}\n" + outcome;
}
std::string Outcome(const std::string& id, const std::string& more) {
  return R"({"outcome":{"request_id":")" + id + "\"," + more + "}}\n";
}

class ProviderSteps : public ::testing::Test {
 protected:
  void Passes(const std::string& steps, Mode mode = O) {
    const auto result = bench_.PlaySteps(steps, mode);
    EXPECT_TRUE(result.violations.empty() && result.harness_bug.empty())
        << steps << Describe(result);
  }
  void Fails(const std::string& steps, const std::string& says, Mode mode = O) {
    const auto result = bench_.PlaySteps(steps, mode);
    EXPECT_EQ(Blamed(result), std::set<std::string>{"CTRL-01"}) << steps << Describe(result);
    EXPECT_NE(Describe(result).find(says), std::string::npos) << says << Describe(result);
  }

  Bench bench_;
};

const std::string kOnce = Ask("r", Outcome("r", "\"ok\":true,\"text\":\"mock answer\""));

TEST_F(ProviderSteps, AnswersByTheFirstRuleThatMatches) {
  Passes(kOnce);
  const std::string rules = R"({"provider":[{"match":{"text":"other"},"respond":{"text":"no"}},)"
                            R"({"match":{"text":"provider r"},"respond":{"text":"yes"}}]})"
                            "\n";
  Passes(rules + Ask("r", Outcome("r", "\"text\":\"yes\"")));
  Fails(rules + Ask("r", Outcome("r", "\"text\":\"no\"")), "`text`");
  Passes(R"({"provider":[{"respond":{"status":503}}]})"
         "\n" +
         Ask("r", Outcome("r", "\"code\":\"PROVIDER_DOWN\"")));
}

TEST_F(ProviderSteps, ACallThatNoRuleMatchesFailsTheCase) {
  Fails(R"({"provider":[{"match":{"text":"other"},"respond":{"text":"no"}}]})"
        "\n" +
            Ask("r", Outcome("r", "\"ok\":false")),
        "no provider rule matched call 1");
}

// A host that asks the provider behind a replay was not seen: the count had been taken before.
TEST_F(ProviderSteps, WhatTheLastStepCountedMustStillBeSoAtTheEnd) {
  const std::string counted = kOnce + R"({"provider_saw":{"calls":1}})"
                                      "\n";
  Passes(counted, S);
  Bench late(MiniHostCommand("asks-again"));
  const auto result = late.PlaySteps(counted, S);
  EXPECT_EQ(Blamed(result), std::set<std::string>{"CTRL-01"}) << Describe(result);
  EXPECT_NE(Describe(result).find("after the last step, "), std::string::npos) << Describe(result);
}

TEST_F(ProviderSteps, HoldsUntilReleased) {
  const std::string held = R"({"provider":[{"respond":{"text":"late","hold":"gate"}}]})"
                           "\n";
  Passes(held + Ask("r",
                    "{\"provider_saw\":{\"calls\":1,\"open\":1}}\n"
                    "{\"expect_silence_ms\":50}\n{\"release\":\"gate\"}\n" +
                        Outcome("r", "\"text\":\"late\"")));
}

TEST_F(ProviderSteps, ACallThatTheCallerCloses) {
  const std::string hang = R"({"provider":[{"respond":{"hang":"before_headers"}}]})"
                           "\n" +
                           Ask("r", "{\"provider_saw\":{\"open\":1}}\n{\"signal\":\"KILL\"}\n");
  Passes(hang +
         "{\"expect_exit\":{\"signal\":\"KILL\"}}\n"
         "{\"provider_saw\":{\"closed_by_caller\":1,\"open\":0},\"within_ms\":60000,"
         "\"deadline_ms\":60000}\n");
}

TEST_F(ProviderSteps, SeesEveryPartOfACall) {
  Passes(kOnce +
         R"({"provider_saw":{"calls":1,"open":0,"closed_by_caller":0,"call":1,"method":"POST",)"
         R"("path":"/v1/chat/completions","turns":[["user","provider r"]],)"
         R"("body":{"model":"${provider.model}","messages":[{"role":"system"},"<any>"]},)"
         R"("headers":{"authorization":"Bearer ${provider.key}",)"
         R"("content-type":"<contains:json>"},)"
         R"("contains":"provider r","lacks":"provider x"}})"
         "\n");
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"("calls":2)", "calls"},
      {R"("calls":"<not:<integer>>")", "calls"},
      {R"("open":1)", "open calls"},
      {R"("closed_by_caller":1)", "calls closed by the caller"},
      {R"("call":2,"method":"POST")", "no such call; the provider has seen 1"},
      {R"("method":"GET")", "call 1's method"},
      {R"("path":"/v1/models")", "call 1's path"},
      {R"("turns":[])", "call 1's turns"},
      {R"("turns":[["assistant","provider r"]])", "call 1's turns"},
      {R"("body":{"model":"other"})", "call 1's body"},
      {R"("headers":{"authorization":"<absent>"})", "call 1's headers"},
      {R"("headers":{"x-api-key":"<any>"})", "call 1's headers"},
      {R"("contains":"provider x")", "does not occur"},
      {R"("lacks":"provider r")", "occurs"},
  };
  for (const auto& [pattern, says] : wrong) {
    // The caller may have the whole answer a moment before the provider notes that it is written.
    const std::string settled = "{\"provider_saw\":{\"open\":0}}\n";
    Fails(kOnce + settled + "{\"provider_saw\":{" + pattern + "},\"deadline_ms\":50}\n", says);
  }
}

// A deadline of 20 s must not be waited for when the calls that the pattern allows have been made.
TEST_F(ProviderSteps, WhatCanNoLongerComeTrueFailsAtOnce) {
  const char* wrong[] = {R"("calls":0)", R"("calls":1,"turns":[])",
                         R"("calls":1,"lacks":"provider")", R"("calls":1,"method":"GET")",
                         R"("calls":1,"contains":"provider x")"};
  const auto begun = std::chrono::steady_clock::now();
  for (const std::string pattern : wrong)
    Fails(kOnce + "{\"provider_saw\":{" + pattern + "}}\n", "call");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
}

TEST_F(ProviderSteps, WhatMayStillComeTrueIsWaitedFor) {
  const std::string slow = R"({"provider":[{"respond":{"text":"one","delay_ms":150}}]})"
                           "\n";
  Passes(slow + Ask("a", "") +
             R"({"provider_saw":{"calls":1,"open":0,"turns":[["user","provider a"]]}})"
             "\n" +
             Outcome("a", "\"ok\":true"),
         S);
}

TEST_F(ProviderSteps, CountsTheCallsOfThisPlayAlone) {
  Passes(kOnce + "{\"provider_saw\":{\"calls\":1}}\n");
  Passes("{\"provider_saw\":{\"calls\":0}}\n");
  Passes(Ask("a", Outcome("a", "\"ok\":true")) + Ask("b", Outcome("b", "\"ok\":true")) +
             R"({"provider_saw":{"calls":2,"call":1,"contains":"provider a",)"
             R"("lacks":"provider b"}})"
             "\n"
             R"({"provider_saw":{"call":-1,"turns":[["user","provider b"]]}})"
             "\n",
         S);
}

}  // namespace
}  // namespace touchstone::testing
