// Searches at real processes: the reference host passes; of hosts with one thing broken the culprit
// is found among thousands, is short, and is blamed on the right requirement.
#include "conformance/fuzz/campaign.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "conformance/testing/bundled_rig.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::fuzz {
namespace {

using testing::BundledRig;
using testing::TestFolder;

constexpr std::uint64_t kSeed = 5;

CampaignResult Search(Rig& rig, CampaignOptions options) {
  options.seed = kSeed;
  options.workers = 2;
  options.to_minimise = std::chrono::seconds(4);
  return RunCampaign(rig, options, {}, {});
}

TEST(CampaignTest, TheReferenceHostPassesInEachMode) {
  TestFolder folder;
  auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge}) {
    const std::uint64_t cases = mode == Mode::kStream ? 20'000 : 40;
    const auto result = Search(*rig, {.mode = mode, .cases = cases});
    for (const auto& finding : result.findings)
      ADD_FAILURE() << ToString(mode) << ": " << finding.minimal.violation.message;
    EXPECT_GE(result.inputs, cases) << ToString(mode);
    EXPECT_FALSE(result.interrupted || result.given_up);
  }
}

struct Known {
  const char* defect;
  Mode mode;
  Family family;
  const char* requirement;
  std::size_t lines, bytes;  // what it shrinks to, at most
};

// The bounds leave room for what a slow machine has no time to shrink.
constexpr Known kKnown[] = {
    {"rest-of-the-line-is-ignored", Mode::kStream, Family::kBytes, "FRAME-06", 1, 200},
    {"lone-surrogate-is-replaced", Mode::kStream, Family::kRequests, "FRAME-09", 1, 200},
    // The silence of what follows a crash or a hang is blamed, and the line before it kept.
    {"dies-of-half-a-character", Mode::kStream, Family::kRequests, "FRAME-07", 1, 200},
    {"hangs-at-a-bad-byte", Mode::kStream, Family::kBytes, "FRAME-07", 1, 200},
    {"blank-session-is-a-session", Mode::kStream, Family::kRequests, "REQ-04", 1, 200},
    {"depth-limit-of-65", Mode::kStream, Family::kJson, "FRAME-10", 1, 400},
    {"blank-line-is-a-bad-line", Mode::kStream, Family::kFraming, "FRAME-05", 1, 200},
    {"limit-is-one-more", Mode::kStream, Family::kFraming, "FRAME-08", 1, 4200},
    // One answer in fifty is torn: the fifty lines are the culprit together.
    {"torn-lines", Mode::kStream, Family::kRequests, "FRAME-01", 60, 10'000},
    {"rest-of-the-line-is-ignored", Mode::kOneShot, Family::kBytes, "FRAME-06", 1, 200},
    {"blank-line-after-a-final", Mode::kBridge, Family::kBytes, "FRAME-01", 1, 400},
};

TEST(CampaignTest, TheCulpritIsFoundAndShrunk) {
  for (const Known& known : kKnown) {
    TestFolder folder;
    auto rig = BundledRig(known.defect, folder.path());
    ASSERT_TRUE(rig);
    const auto result = Search(*rig, {.mode = known.mode,
                                      .families = {known.family},
                                      .cases = known.mode == Mode::kStream ? 6000u : 300u,
                                      .max_findings = 1});
    ASSERT_FALSE(result.findings.empty()) << known.defect;
    const auto& minimal = result.findings[0].minimal;
    std::size_t bytes = 0;
    for (const auto& input : minimal.inputs) bytes += input.size();
    EXPECT_EQ(minimal.violation.requirement, known.requirement)
        << known.defect << ": " << minimal.violation.message;
    EXPECT_TRUE(minimal.reproduced) << known.defect;
    EXPECT_LE(minimal.inputs.size(), known.lines) << known.defect;
    EXPECT_LE(bytes, known.bytes) << known.defect << ": " << minimal.inputs[0];
  }
}

TEST(CampaignTest, TheSearchGoesOnAfterAFailure) {
  TestFolder folder;
  auto rig = BundledRig("gives-up-after-50-bad-lines", folder.path());
  ASSERT_TRUE(rig);
  const auto result = Search(
      *rig, {.families = {Family::kBytes}, .cases = 2000, .minimise = false, .max_findings = 1000});
  EXPECT_GE(result.inputs, 2000u);
  EXPECT_GE(result.processes, 2u);
  EXPECT_FALSE(result.given_up);
}

TEST(CampaignTest, AHostThatFailsAllTheTimeIsGivenUp) {
  TestFolder folder;
  auto rig = BundledRig("torn-lines", folder.path());
  ASSERT_TRUE(rig);
  const auto result = Search(*rig, {.cases = 100'000, .minimise = false, .max_findings = 3});
  EXPECT_TRUE(result.given_up);
  EXPECT_LT(result.inputs, 100'000u);
}

// FRAME-11 is a SHOULD: many hosts let the last of two keys win.
TEST(CampaignTest, ALapseIsToldOnceAndHidesNothing) {
  TestFolder folder;
  auto rig = BundledRig("last-of-two-keys-wins", folder.path());
  ASSERT_TRUE(rig);
  const auto result = Search(*rig, {.families = {Family::kBytes}, .cases = 10'000});
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].minimal.violation.requirement, "FRAME-11");
  EXPECT_GE(result.inputs, 10'000u);
}

TEST(CampaignTest, EndsWhenItIsToldToAndWhenTheTimeIsOver) {
  TestFolder folder;
  auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  std::stop_source stop;
  CampaignOptions options{.cases = 1'000'000'000};
  const auto told = [&](std::uint64_t, std::size_t) { stop.request_stop(); };
  const auto stopped = RunCampaign(*rig, options, told, stop.get_token());
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_TRUE(stopped.findings.empty());
  options.at_most = std::chrono::milliseconds(300);
  const auto over = RunCampaign(*rig, options, {}, {});
  EXPECT_FALSE(over.interrupted);
  EXPECT_TRUE(over.findings.empty());
  EXPECT_GT(over.inputs, 0u);
}

}  // namespace
}  // namespace touchstone::fuzz
