#include "conformance/bench/host_benchmarks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/bench/measure.h"
#include "conformance/testing/bundled_rig.h"
#include "conformance/testing/test_judge.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;
using testing::BundledRig;
using testing::TestFolder;

HostBenchmarkOptions Quick(int rounds = 5) {
  HostBenchmarkOptions options;
  options.rounds = rounds;
  options.budget = milliseconds(10);
  return options;
}

const Benchmark* Find(const std::vector<Benchmark>& rows, const std::string& name) {
  const auto found = std::ranges::find(rows, name, &Benchmark::name);
  return found == rows.end() ? nullptr : &*found;
}

// The host as it is, but each line comes 100 ms later.
Profile Slowed(Profile profile) {
  for (auto& [mode, argv] : profile.commands)
    argv.insert(argv.begin(), {TOUCHSTONE_SOURCE_DIR "/ci/slow-host.py", "100"});
  profile.name = "slow";
  return profile;
}

TEST(HostBenchmarks, MeasureEverythingAgainstReferenceAndPeer) {
  TestFolder folder;
  const auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  auto options = Quick();
  options.absolute = true;
  options.peers = {{"cat", {"cat"}}};
  const auto rows = RunHostBenchmarks(*rig, rig->profile, options, {});
  for (const char* name :
       {"S ping", "S ping of refhost", "S ping against refhost", "S ping against cat",
        "S run against refhost", "S run against cat", "S run with a provider against refhost",
        "S throughput against refhost", "S throughput against cat", "O run against refhost",
        "O run against cat", "O run, first of a state directory against refhost"}) {
    EXPECT_TRUE(Find(rows, name)) << name;
  }
  EXPECT_FALSE(Find(rows, "S run with a provider against cat"));
  for (const auto& row : rows) {
    EXPECT_EQ(row.not_measured, "") << row.name;
    EXPECT_EQ(row.samples.size(), 5u) << row.name;
    for (const double sample : row.samples) EXPECT_GT(sample, 0) << row.name;
  }
}

TEST(HostBenchmarks, ASlowerHostIsWorseInEachMeasure) {
  TestFolder folder;
  const auto good = BundledRig("", folder.path() / "good");
  const auto slow = BundledRig("", folder.path() / "slow");
  ASSERT_TRUE(good && slow);
  const Profile reference = good->profile;
  slow->profile = Slowed(reference);
  const auto before = RunHostBenchmarks(*good, reference, Quick(), {});
  const auto after = RunHostBenchmarks(*slow, reference, Quick(), {});
  ASSERT_EQ(before.size(), Measures().size());
  for (const auto& row : CompareAll(before, after, 0.1))
    EXPECT_EQ(row.comparison.change, Change::kWorse) << row.name << ": " << row.comparison.why;
  for (const auto& row : CompareAll(after, before, 0.1))
    EXPECT_EQ(row.comparison.change, Change::kBetter) << row.name << ": " << row.comparison.why;
}

TEST(HostBenchmarks, AHostThatAnswersWronglyHasNoTimes) {
  TestFolder folder;
  const auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  const Profile reference = rig->profile;
  const auto why = [&](std::vector<std::string> host) {
    rig->profile = ProfileForCommand(host);
    rig->profile.name = "other";
    auto options = Quick(1);
    options.only = "S ping";
    const auto rows = RunHostBenchmarks(*rig, reference, options, {});
    const auto* row = Find(rows, "S ping against refhost");
    return row && row->samples.empty() ? row->not_measured : "it was measured";
  };
  EXPECT_NE(why({"/bin/sh", "-c", "cat"}).find("must be answered PONG"), std::string::npos);
  EXPECT_NE(why({"/bin/false"}).find("its stdout ended before the answer"), std::string::npos);
  EXPECT_NE(why({"/no/such/host"}).find("no such file"), std::string::npos);
}

TEST(HostBenchmarks, StopWhenAsked) {
  TestFolder folder;
  const auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  std::stop_source source;
  auto options = Quick(1000);
  options.progress = [&](const std::string&) { source.request_stop(); };
  const auto rows = RunHostBenchmarks(*rig, rig->profile, options, source.get_token());
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) EXPECT_EQ(row.not_measured, "refhost: interrupted");
}

}  // namespace
}  // namespace touchstone
