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

TEST(ProgramTest, AFaultyFileIsNamed) {
  testing::TestFolder folder;
  testing::WriteFile(folder.path() / "a.jsonl", "{\"slots\":1,\"queue\":1}\n{\"act\":\"x\"}\n");
  const auto programs = LoadPrograms(folder.path());
  ASSERT_FALSE(programs);
  EXPECT_NE(programs.error().find("a.jsonl: line 2"), std::string::npos) << programs.error();
  EXPECT_FALSE(LoadPrograms(folder.path() / "missing"));
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

// golden/programs: each asks for what the defect of its name breaks. Where that is seen by what
// comes unasked, a run that waits for its timeout gives it the time to come.
struct Known {
  std::string requirement, defect;
  Program program;
};

std::vector<Known> KnownPrograms() {
  const auto programs =
      LoadPrograms(std::filesystem::path(TOUCHSTONE_SOURCE_DIR) / "golden/programs");
  EXPECT_TRUE(programs) << programs.error();
  std::vector<Known> known;
  for (const auto& [name, program] : *programs) {
    const auto end = name.find('-', name.find('-') + 1);
    std::string requirement = name.substr(0, end);
    std::ranges::transform(requirement, requirement.begin(),
                           [](unsigned char c) { return std::toupper(c); });
    known.push_back({requirement, name.substr(end + 1), program});
  }
  return known;
}

std::string BlamedBy(const Played& played) {
  std::string text;
  for (const auto& violation : played.violations)
    text += violation.requirement + ": " + violation.message + "\n";
  return text;
}

TEST(PlayTest, DefectiveHostsAreBlamedOnTheRightRequirement) {
  const auto all = KnownPrograms();
  EXPECT_GE(all.size(), 28u);
  for (const Known& known : all) {
    SCOPED_TRACE(known.defect);
    testing::TestFolder folder;
    auto rig = testing::BundledRig(known.defect, folder.path());
    ASSERT_TRUE(rig);
    const Program& program = known.program;
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
