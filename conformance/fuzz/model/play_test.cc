// Programs at real processes: the reference host passes, hosts with one thing broken are found, and
// what is found is short and blamed on the right requirement.
#include "conformance/fuzz/model/play.h"

#include <gtest/gtest.h>
#include "conformance/fuzz/model/hunt.h"
#include "conformance/testing/bundled_rig.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::model {
namespace {

constexpr std::uint64_t kSeed = 5;

Program Parse(const std::string& text) {
  auto program = ReadProgram(text);
  EXPECT_TRUE(program) << program.error();
  return program ? *program : Program{};
}

TEST(ProgramTest, TheSameSeedAndNumberGiveTheSameProgram) {
  for (int number = 0; number < 20; ++number) {
    EXPECT_EQ(ProgramOf(7, number, 40), ProgramOf(7, number, 40));
    EXPECT_LE(ProgramOf(7, number, 40).steps.size(), 40u);
  }
  EXPECT_NE(ProgramOf(7, 0, 40), ProgramOf(8, 0, 40));
}

TEST(ProgramTest, AllActsProvidersAndLimitsOccur) {
  std::set<Act> acts;
  std::set<Provider> providers;
  std::set<Twist> twists;
  std::set<int> slots, queues, sessions;
  for (int number = 0; number < 200; ++number) {
    const auto program = ProgramOf(7, number, 40);
    slots.insert(program.limits.slots);
    queues.insert(program.limits.queue);
    for (const Step& step : program.steps) {
      acts.insert(step.act);
      if (step.act != Act::kRun) continue;
      providers.insert(step.provider);
      twists.insert(step.twist);
      sessions.insert(step.session);
    }
  }
  EXPECT_EQ(acts.size(), 8u);
  EXPECT_EQ(providers.size(), 7u);
  EXPECT_EQ(twists.size(), 5u);
  EXPECT_EQ(slots, (std::set{1, 2, 3}));
  EXPECT_EQ(queues, (std::set{0, 1, 2, 3}));
  EXPECT_EQ(sessions, (std::set{0, 1, 2}));
}

TEST(ProgramTest, IsReadAsItWasWritten) {
  for (int number = 0; number < 50; ++number) {
    const auto program = ProgramOf(9, number, 40);
    const auto text = Write(program);
    const auto again = ReadProgram(text);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(Write(*again), text);
  }
  for (const char* bad :
       {"{}", "{\"slots\":0,\"queue\":1}", "{\"slots\":1,\"queue\":1}\n{\"act\":\"x\"}",
        "{\"slots\":1,\"queue\":1}\n[]"})
    EXPECT_FALSE(ReadProgram(bad)) << bad;
}

TEST(PlayTest, TheReferenceHostPasses) {
  testing::TestFolder folder;
  auto rig = testing::BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  const auto hunted = Hunt(*rig, {.seed = kSeed, .programs = 100}, {});
  EXPECT_EQ(hunted.programs, 100);
  EXPECT_GT(hunted.runs, 200);
  EXPECT_FALSE(hunted.find) << Describe(*hunted.find) << hunted.find->played.transcript;
}

TEST(PlayTest, TheUnbrokenHostBehindTheShimPasses) {
  testing::TestFolder folder;
  auto rig = testing::BundledRig("none", folder.path());
  ASSERT_TRUE(rig);
  const auto hunted = Hunt(*rig, {.seed = kSeed, .programs = 30}, {});
  EXPECT_FALSE(hunted.find) << Describe(*hunted.find) << hunted.find->played.transcript;
}

// A program that asks for what the defect breaks, and the requirement that is blamed. Where it is
// seen by what comes unasked, a run that waits for its timeout gives that time to come.
struct Known {
  const char* defect;
  const char* requirement;
  const char* program;
};

const Known kKnown[] = {
    {"final-twice", "LIFE-01", R"({"slots":1,"queue":1}
{"act":"run"})"},
    {"ack-after-final", "LIFE-02", R"({"slots":1,"queue":1}
{"act":"run"})"},
    {"cancel-ends-a-run-twice", "LIFE-01", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"cancel"}
{"act":"run","session":2,"provider":"held","short_timeout":true})"},
    {"shutdown-cancels", "LIFE-07", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"term"})"},
    {"queued-run-is-internal", "LIFE-07", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"run","provider":"held"}
{"act":"term"})"},
    {"no-grace-at-all", "LIFE-07", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"term"})"},
    {"canceled-ends-error", "CTRL-02", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"cancel"})"},
    {"cancel-of-a-finished-run-accepted", "CTRL-04", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"cancel"})"},
    {"cancel-from-any-session", "CTRL-05", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"cancel","session":1,"twist":"same-pair"})"},
    {"foreign-cancel-refused-and-done", "CTRL-05", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"cancel","session":1,"twist":"same-pair"}
{"act":"run","session":2,"provider":"held","short_timeout":true})"},
    {"provider-call-left-open", "CTRL-06", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"cancel"})"},
    {"cancelled-in-the-queue-runs", "CTRL-08", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"run"}
{"act":"cancel"}
{"act":"release"}
{"act":"run","session":2,"provider":"held","short_timeout":true})"},
    {"close-keeps-the-context", "CTRL-09", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"session_close"}
{"act":"run"})"},
    {"slot-lost-by-each-timeout", "TIME-05", R"({"slots":1,"queue":0}
{"act":"run","provider":"held","short_timeout":true}
{"act":"run"})"},
    {"session-order-last-first", "SESS-06", R"({"slots":1,"queue":3}
{"act":"run","provider":"held"}
{"act":"run"}
{"act":"run"}
{"act":"release"})"},
    {"context-not-shown", "SESS-01", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"run"})"},
    {"sessions-ignore-case", "SESS-02", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"run","session":1})"},
    {"cancelled-turn-kept", "SESS-05", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"cancel"}
{"act":"run"})"},
    {"replay-under-the-old-id", "IDEM-01", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"run","twist":"same-pair"})"},
    {"replay-runs-again", "IDEM-01", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"run","twist":"same-pair"})"},
    {"key-alone-counts", "IDEM-03", R"({"slots":1,"queue":1}
{"act":"run"}
{"act":"run","session":1,"twist":"same-key"})"},
    {"pairs-joined-by-a-colon", "IDEM-03", R"({"slots":1,"queue":1}
{"act":"run","session":2}
{"act":"run","twist":"colon"})"},
    {"duplicate-runs", "IDEM-04", R"({"slots":2,"queue":2}
{"act":"run","provider":"held"}
{"act":"run","twist":"same-pair"})"},
    {"timeout-replayed", "IDEM-06", R"({"slots":1,"queue":1}
{"act":"run","provider":"held","short_timeout":true}
{"act":"run","twist":"same-pair"})"},
    {"one-slot-more", "ADMIT-01", R"({"slots":1,"queue":2}
{"act":"run","provider":"held"}
{"act":"run","session":1,"provider":"held"}
{"act":"run","session":2,"provider":"held","short_timeout":true})"},
    {"one-queue-place-less", "ADMIT-02", R"({"slots":1,"queue":1}
{"act":"run","provider":"held"}
{"act":"run","provider":"held"})"},
    {"refused-run-runs-later", "ADMIT-06", R"({"slots":2,"queue":0}
{"act":"run","provider":"held"}
{"act":"run"}
{"act":"release"}
{"act":"run","session":2,"provider":"held","short_timeout":true})"},
    {"second-run-under-an-id", "REQ-12", R"({"slots":2,"queue":2}
{"act":"run","provider":"held"}
{"act":"run","session":1,"twist":"same-id"})"},
};

std::string BlamedBy(const Played& played) {
  std::string text;
  for (const auto& violation : played.violations)
    text += violation.requirement + ": " + violation.message + "\n";
  return text;
}

TEST(PlayTest, DefectiveHostsAreBlamedOnTheRightRequirement) {
  for (const Known& known : kKnown) {
    SCOPED_TRACE(known.defect);
    testing::TestFolder folder;
    auto rig = testing::BundledRig(known.defect, folder.path());
    ASSERT_TRUE(rig);
    const auto program = Parse(known.program);
    const auto played = Play(*rig, program, std::chrono::milliseconds(1500));
    EXPECT_TRUE(std::ranges::any_of(
        played.violations,
        [&](const Violation& violation) { return violation.requirement == known.requirement; }))
        << "blamed: " << BlamedBy(played) << played.transcript;
    // The unbroken host passes the same program: it is the defect that is seen.
    auto good = testing::BundledRig("none", folder.path());
    ASSERT_TRUE(good);
    const auto unbroken = Play(*good, program, good->patience.Now());
    EXPECT_TRUE(unbroken.violations.empty()) << BlamedBy(unbroken) << unbroken.transcript;
  }
}

TEST(PlayTest, RandomProgramsFindADefectAndShrinkIt) {
  for (const char* defect : {"timeout-replayed", "replay-under-the-old-id"}) {
    SCOPED_TRACE(defect);
    testing::TestFolder folder;
    auto rig = testing::BundledRig(defect, folder.path());
    ASSERT_TRUE(rig);
    const auto hunted = Hunt(*rig, {.seed = kSeed, .programs = 300}, {});
    ASSERT_TRUE(hunted.find);
    EXPECT_TRUE(hunted.find->reproduced);
    EXPECT_LE(hunted.find->program.steps.size(), 4u) << Describe(*hunted.find);
    const std::string requirement =
        defect == std::string("timeout-replayed") ? "IDEM-06" : "IDEM-01";
    EXPECT_EQ(hunted.find->played.violations.front().requirement, requirement)
        << Describe(*hunted.find);
  }
}

}  // namespace
}  // namespace touchstone::model
