#include "conformance/policy/policy.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "conformance/observe/strict_json.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

namespace fs = std::filesystem;
using policy::Policy;

class PolicyTest : public ::testing::Test {
 protected:
  tl::expected<Policy, std::string> Load(const std::string& text) {
    WriteFile(folder_.path() / "p.json", text);
    return policy::Load(folder_.path() / "p.json");
  }
  static boost::json::object Examples() {
    auto file = ReadJsonFile(TOUCHSTONE_SOURCE_DIR "/golden/schema/policy.examples.json");
    EXPECT_TRUE(file) << file.error();
    return file ? file->value.get_object() : boost::json::object{};
  }
  TestFolder folder_;
};

TEST_F(PolicyTest, TheReadyMadeOnesLoad) {
  const fs::path folder = TOUCHSTONE_SOURCE_DIR "/ci/policies";
  for (const char* name : {"pull-request", "release", "nightly"}) {
    const auto file = policy::Find(folder, name);
    ASSERT_TRUE(file) << file.error();
    const auto loaded = policy::Load(*file);
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_EQ(loaded->name, name);
  }
}

// The schema is held to the same examples: golden/schema_test.py.
TEST_F(PolicyTest, TakesTheGoodExamplesAndRefusesTheBadOnes) {
  const auto examples = Examples();
  for (const auto& example : examples.at("good").as_array()) {
    const auto loaded = Load(ToJson(example.at("policy")));
    EXPECT_TRUE(loaded) << loaded.error();
  }
  int bad = 0;
  for (const auto& example : examples.at("bad").as_array()) {
    const std::string what(example.at("what").as_string()), says(example.at("says").as_string());
    const auto loaded = Load(ToJson(example.at("policy")));
    ASSERT_FALSE(loaded) << what;
    EXPECT_NE(loaded.error().find(says), std::string::npos) << what << ": " << loaded.error();
    EXPECT_NE(loaded.error().find("p.json:1: "), std::string::npos) << loaded.error();
    ++bad;
  }
  EXPECT_GT(bad, 40);
}

TEST_F(PolicyTest, ReadsWhatItSays) {
  const auto examples = Examples();
  const auto loaded = Load(ToJson(examples.at("good").at(1).at("policy")));
  ASSERT_TRUE(loaded) << loaded.error();
  const Policy& p = *loaded;
  EXPECT_EQ(p.milestone, "M3");
  EXPECT_EQ(p.run.modes, (policy::Modes{Mode::kStream, Mode::kBridge}));
  EXPECT_EQ(p.run.repeat, 3);
  EXPECT_EQ(p.requests, 1000);
  EXPECT_EQ(p.fuzz->cases, 5);
  EXPECT_EQ(p.model->steps, 9);
  EXPECT_EQ(p.selftest, policy::Selftest::kAll);
  ASSERT_EQ(p.soaks.size(), 1u);
  EXPECT_EQ(p.soaks[0].mode, Mode::kBridge);
  EXPECT_EQ(p.soaks[0].requests, 5);
  EXPECT_EQ(p.soaks[0].segment, std::chrono::minutes(80));
  EXPECT_TRUE(p.soaks[0].reference);
  EXPECT_EQ(p.soaks[0].tolerances.descriptors_per_hour, 0.5);
  EXPECT_EQ(p.benchmarks->rounds, 7);
  EXPECT_EQ(p.limits.p99_ratio_to_reference, 2.5);
  EXPECT_EQ(p.limits.inconclusive_percent, 1.5);
  EXPECT_EQ(p.limits.flaky, 2);
  EXPECT_EQ(p.waivers, folder_.path() / "w.json");
  EXPECT_EQ(p.baseline->report, folder_.path() / "r.json");
  EXPECT_DOUBLE_EQ(p.baseline->benchmark_tolerance, 0.05);
}

TEST_F(PolicyTest, AFaultIsSaidWithTheLineItStandsOn) {
  const auto loaded = Load(
      "{\"name\": \"x\",\n \"milestone\": \"M1\",\n \"suites\": {\n"
      "  \"run\": {},\n  \"requests\": 0}}");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().find("p.json:5: `requests`: expected an integer from 1 to 100000000, "
                                "got 0"),
            std::string::npos)
      << loaded.error();
  const auto broken = Load("{\"name\":\n]");
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().find("p.json:2: not JSON"), std::string::npos) << broken.error();
}

TEST_F(PolicyTest, TwoSoaksOfOneNameAreRefused) {
  const auto loaded = Load(R"({"name":"x","milestone":"M1","suites":{"run":{},"soak":[
        {"name":"a","requests":1},{"name":"a","requests":2}]}})");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().find("another soak has this name"), std::string::npos);
}

TEST_F(PolicyTest, NamesTheLineOfAPlace) {
  const auto loaded = Load("{\"name\":\"x\",\"milestone\":\"M1\",\n\"suites\":{\n\"run\":{}}}");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->Line({"suites", "run"}), "p.json:3 suites.run");
  EXPECT_EQ(Policy{}.Line({"suites"}), "");
}

TEST_F(PolicyTest, AMissingOneIsAnsweredWithTheNames) {
  const auto found = policy::Find(TOUCHSTONE_SOURCE_DIR "/ci/policies", "releas");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().find("nightly, pull-request, release"), std::string::npos)
      << found.error();
}

}  // namespace
}  // namespace touchstone::testing
