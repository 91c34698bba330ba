#include "soak/workload/mix.h"

#include <gtest/gtest.h>

namespace touchstone::soak {
namespace {

const std::filesystem::path kMixes = std::filesystem::path(TOUCHSTONE_SOURCE_DIR) / "soak/mixes";

TEST(ParseMix, ReadsAll) {
  const auto mix = ParseMix(R"({"about":"a","weights":{"ok":3,"session_churn":1},"sessions":4,
    "long_bytes":100,"slow_ms":10,"timeout_ms":60,"canary_every_s":30,
    "chaos":[{"what":"outage","every_s":600,"for_s":20},
             {"what":"sigkill_restart","every_s":50,"first_s":5}]})",
                            "some/where.json");
  ASSERT_TRUE(mix) << mix.error();
  EXPECT_EQ(mix->name, "where");
  EXPECT_EQ(mix->weight(RequestKind::kOk), 3);
  EXPECT_EQ(mix->weight(RequestKind::kSessionChurn), 1);
  EXPECT_EQ(mix->weight(RequestKind::kPing), 0);
  EXPECT_EQ(mix->sessions, 4);
  EXPECT_EQ(mix->canary_every_s, 30);
  ASSERT_EQ(mix->chaos.size(), 2u);
  EXPECT_EQ(mix->chaos[0].first_s, 600);
  EXPECT_EQ(mix->chaos[1].what, ChaosKind::kSigkill);
  EXPECT_EQ(mix->chaos[1].first_s, 5);
}

TEST(ParseMix, NamesLineAndReason) {
  const struct {
    const char *text, *error;
  } kWrong[] = {
      {"{\n\"about\":\"\",\n oops}", "m.json:3: not JSON"},
      {"{\"about\":\"\"}\n{}", "m.json:2: not JSON: extra data"},
      {"{\"about\":\"\"", "m.json:1: not JSON: incomplete JSON"},
      {"[]", "m.json:1: expected an object, got []"},
      {R"({"weights":{"ok":1}})", "m.json:1: `about` is missing"},
      {"{\"about\":\"\",\n\"weights\":{\n\"okay\":1}}",
       "m.json:3: weights.okay: unknown key `okay`"},
      {"{\"about\":\"\",\n\"weights\":{\"ok\":0}}", "m.json:2: weights: no kind of request"},
      {"{\"about\":\"\",\n\"weights\":{\"ok\":\n-1}}",
       "m.json:2: weights.ok: expected a number from 0"},
      {R"({"about":"","weights":{"ok":1.5}})", "weights.ok: expected an integer, got 1.5"},
      {R"({"about":"","weights":{"ok":1},"sessions":0})", "sessions: expected a number from 1"},
      {R"({"about":"","weights":{"ok":1},"sesions":3})",
       "sesions: unknown key `sesions`; known are"},
      {"{\"about\":\"\",\"weights\":{\"ok\":1},\n\"weights\":{\"ok\":1}}",
       "weights: this key is given twice"},
      {R"({"about":"","weights":{"ok":1},"chaos":{}})", "chaos: expected a list, got {}"},
      {"{\"about\":\"\",\"weights\":{\"ok\":1},\"chaos\":[\n{\"what\":\"fire\",\"every_s\":5}]}",
       "m.json:2: chaos[0].what: expected outage, sigterm_restart or sigkill_restart, got "
       "\"fire\""},
      {R"({"about":"","weights":{"ok":1},"chaos":[{"what":"outage","for_s":5}]})",
       "chaos[0]: `every_s` is missing"},
      {R"({"about":"","weights":{"ok":1},"chaos":[{"what":"outage","every_s":5}]})",
       "chaos[0]: `for_s` is missing"},
      {R"({"about":"","weights":{"ok":1},"chaos":[{"what":"outage","every_s":5,"for_s":5}]})",
       "chaos[0].for_s: an outage as long as the time between two never ends"},
      {R"({"about":"","weights":{"ok":1},"chaos":[{"what":"sigkill_restart","every_s":5,)"
       R"("for_s":1}]})",
       "chaos[0].for_s: unknown key"},
      {R"({"about":"","weights":{"ok":1},"canary_every_s":0})",
       "canary_every_s: expected a number"},
  };
  for (const auto& wrong : kWrong) {
    const auto mix = ParseMix(wrong.text, "m.json");
    ASSERT_FALSE(mix) << wrong.text;
    EXPECT_NE(mix.error().find(wrong.error), std::string::npos) << mix.error();
    EXPECT_EQ(mix.error().find("m.json:"), 0u) << mix.error();
  }
}

TEST(FindMix, EveryMixThatComesWithTheProgramIsRead) {
  const auto names = MixNames(kMixes);
  EXPECT_GE(names.size(), 5u);
  for (const auto& name : names) {
    const auto mix = FindMix(kMixes, name);
    ASSERT_TRUE(mix) << mix.error();
    EXPECT_EQ(mix->name, name);
    EXPECT_FALSE(mix->about.empty()) << name;
  }
}

TEST(FindMix, TheDefaultHasEveryKind) {
  const auto mix = FindMix(kMixes, "default");
  ASSERT_TRUE(mix);
  for (int i = 0; i < kRequestKinds; ++i) {
    const auto kind = static_cast<RequestKind>(i);
    EXPECT_GT(mix->weight(kind), 0) << ToString(kind);
  }
}

TEST(FindMix, TakesAFileToo) {
  EXPECT_TRUE(FindMix(kMixes, (kMixes / "ok-only.json").string()));
  EXPECT_NE(FindMix(kMixes, "no/such.json").error().find("no/such.json: cannot be read"),
            std::string::npos);
}

TEST(FindMix, ListsTheNames) {
  const auto mix = FindMix(kMixes, "defualt");
  ASSERT_FALSE(mix);
  EXPECT_NE(mix.error().find("default, errors, ok-only"), std::string::npos) << mix.error();
}

TEST(NextChaos, ComesInOrder) {
  Mix mix;
  EXPECT_FALSE(NextChaos(mix, 0));
  mix.chaos = {{ChaosKind::kOutage, 300, 600, 10}, {ChaosKind::kSigterm, 100, 400, 0}};
  std::vector<std::pair<double, ChaosKind>> seen;
  for (auto event = NextChaos(mix, -1); event && event->from_s < 1600;
       event = NextChaos(mix, event->from_s)) {
    seen.emplace_back(event->from_s, event->what);
  }
  using enum ChaosKind;
  const decltype(seen) kExpected = {{100, kSigterm}, {300, kOutage},   {500, kSigterm},
                                    {900, kOutage},  {1300, kSigterm}, {1500, kOutage}};
  EXPECT_EQ(seen, kExpected);  // at 900 both: the one that is named first
  EXPECT_EQ(NextChaos(mix, 310)->from_s, 500);
  EXPECT_EQ(NextChaos(mix, 899.9)->until_s, 910);
}

TEST(NextChaos, KnowsFractionsOfASecond) {
  Mix mix;
  mix.chaos = {{ChaosKind::kOutage, 0.1, 1.1, 0.5}};
  double at = -1;
  for (int i = 0; i < 10'000; ++i) {
    const auto event = NextChaos(mix, at);
    ASSERT_GT(event->from_s, at);
    EXPECT_NEAR(event->from_s, 0.1 + i * 1.1, 1e-6);
    at = event->from_s;
  }
}

}  // namespace
}  // namespace touchstone::soak
