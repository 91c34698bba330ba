// The scenarios of this repository at a host that calls the provider well, streamed and not: each
// is kept and proven; without its fault it proves nothing; and one that is broken is blamed.
#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/scenario/scenario_file.h"
#include "conformance/testing/test_judge.h"
#include "fault-injection/provider/rule.h"

namespace touchstone::testing {
namespace {

const std::vector<Scenario>& All() {
  static const auto all = LoadScenarios(TOUCHSTONE_SOURCE_DIR "/fault-injection/scenarios",
                                        [](const auto&) { return true; });
  return *all;
}

const Scenario& Named(const std::string& name) {
  const auto found = std::ranges::find(All(), name, &Scenario::name);
  if (found == All().end()) throw std::runtime_error("no scenario " + name);
  return *found;
}

bool IsAboutStreams(const Scenario& scenario) {
  return std::ranges::any_of(scenario.play.proof, [](const Step& step) {
    return step.Text("or_skip").find("no stream") != std::string::npos;
  });
}

bool IsOfTheDialect(const Scenario& scenario) {
  const auto& dialects = scenario.play.dialects;
  return dialects.empty() || std::ranges::count(dialects, "openai-chat") == 1;
}

// The provider answers well, at the address where it is.
Case WithoutItsFault(const Scenario& scenario) {
  Case play = scenario.play;
  play.env.erase("LLM_BASE_URL");
  for (Step& step : play.steps) {
    if (step.kind != "provider") continue;
    step.argument = {{{"respond", {{"text", "All is well."}}}}};
    EXPECT_TRUE(provider::ParseRules(step.argument));
  }
  for (Step& step : play.proof) {
    if (step.kind == "provider_did") step.modifiers["deadline_ms"] = 50;
  }
  return play;
}

class Proofs : public ::testing::TestWithParam<bool> {
 protected:
  bool stream() const { return GetParam(); }
};

TEST_P(Proofs, HoldWithTheFaultAtAGoodHost) {
  Bench bench(CallingHostCommand(stream()));
  int kept = 0;
  for (const Scenario& scenario : All()) {
    if (!IsOfTheDialect(scenario)) continue;
    const auto result = PlayCase(bench.rig(), scenario.play, Mode::kStream);
    const bool skipped = IsAboutStreams(scenario) && !stream();
    EXPECT_EQ(result.not_playable.empty(), !skipped) << scenario.name << result.not_playable;
    EXPECT_EQ(result.unproven, "") << scenario.name;
    EXPECT_TRUE(result.violations.empty() && result.harness_bug.empty()) << scenario.name << "\n"
                                                                         << Describe(result);
    kept += skipped ? 0 : 1;
  }
  EXPECT_GE(kept, 25);
}

TEST_P(Proofs, FailWithoutTheFault) {
  Bench bench(CallingHostCommand(stream()));
  bench.Hurry();
  for (const Scenario& scenario : All()) {
    if (!IsOfTheDialect(scenario) || (IsAboutStreams(scenario) && !stream())) continue;
    const auto result = PlayCase(bench.rig(), WithoutItsFault(scenario), Mode::kStream);
    EXPECT_NE(result.unproven.find("the fault did not happen"), std::string::npos)
        << scenario.name << "\n"
        << Describe(result);
    EXPECT_EQ(result.harness_bug + result.not_playable, "") << scenario.name;
  }
}

INSTANTIATE_TEST_SUITE_P(AHost, Proofs, ::testing::Bool(), [](const auto& mode) {
  return mode.param ? "ThatStreams" : "ThatDoesNot";
});

// A defect, whether the host streams, and the scenarios that tell it.
struct Bad {
  const char* defect;
  bool stream;
  std::vector<const char*> scenarios;
};

TEST(BadHosts, AreBlamedByTheScenarioAndTheFaultIsProven) {
  const std::vector<Bad> bad = {
      {"cut-is-ok",
       true,
       {"stall-masked-by-pings", "error-event-in-the-stream", "clean-end-before-the-end-marker",
        "stall-mid-stream"}},
      {"cut-is-ok",
       false,
       {"stall-mid-stream", "reset-mid-body", "shorter-than-its-length",
        "clean-end-before-the-end-marker", "stall-masked-by-pings"}},
      {"pings-are-progress", true, {"stall-masked-by-pings", "one-byte-a-second"}},
      {"pings-are-progress", false, {"stall-masked-by-pings"}},
      {"no-retry", true, {"fails-once", "flapping", "reset-once", "rate-limit-then-fine"}},
      {"hammers", false, {"provider-outage", "rate-limit-storm", "retry-after-zero"}},
      {"all-is-internal", true, {"provider-outage", "key-expiry", "overload-529", "dns-failure"}},
      {"all-is-internal", false, {"tls-to-a-plain-port", "connection-refused"}},
      {"tells-the-page", false, {"html-instead-of-json", "empty-answer"}},
  };
  for (const auto& [defect, stream, scenarios] : bad) {
    Bench bench(CallingHostCommand(stream, defect));
    bench.Hurry();
    for (const char* name : scenarios) {
      const Scenario& scenario = Named(name);
      const auto result = PlayCase(bench.rig(), scenario.play, Mode::kStream);
      const std::set<std::string> about(scenario.play.requirements.begin(),
                                        scenario.play.requirements.end());
      EXPECT_EQ(Blamed(result), about) << defect << ", " << name << "\n" << Describe(result);
      EXPECT_EQ(result.unproven + result.not_playable, "") << defect << ", " << name;
    }
  }
}

}  // namespace
}  // namespace touchstone::testing
