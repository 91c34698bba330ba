// The gate, merge and diff as a user meets them: the binary, a host, files.
#include "conformance/commands/cli_fixture.h"
#include "conformance/observe/json_file.h"

namespace touchstone::testing {
namespace {

class GateCli : public Cli {
 protected:
  // A policy of a few cases in mode S.
  std::string Policy(const std::string& more = "", const std::string& only = "ctrl/*ping*",
                     const std::string& run = "") {
    return Script("p.json", R"({"name":"mine","milestone":"M1","suites":{"run":{"modes":["S"],)"
                            R"("only":[")" +
                                only + "\"]" + run + "}" + more + "}}");
  }
  std::string Waivers(const std::string& text) { return Script("w.json", text); }
  Ended Gate(std::vector<std::string> arguments, const std::string& defect = "") {
    arguments.insert(arguments.begin(), "gate");
    arguments.push_back("--");
    for (auto& word : MiniHostCommand(defect)) arguments.push_back(std::move(word));
    return Touchstone(std::move(arguments));
  }
  boost::json::object Report(const std::string& folder) {
    auto read = ReadJsonFile(File(folder) / "report.json");
    EXPECT_TRUE(read) << read.error();
    return read ? read->value.get_object() : boost::json::object{};
  }
};

TEST_F(GateCli, APolicyThatIsKeptPasses) {
  const auto ended = Gate({"--policy", Policy(), "--report-dir", File("report")});
  ExpectSays(ended, 0, {"gate mine: passed"});
  EXPECT_EQ(Report("report").at("policy").at("name"), "mine");
}

TEST_F(GateCli, ABrokenRequirementBlocksAndNamesTheLine) {
  ExpectSays(Gate({"--policy", Policy()}, "log-line"), 1,
             {"gate mine: BLOCKED", "is broken", "(p.json:1 milestone)"});
}

TEST_F(GateCli, APolicyWithAFaultIsAUsageError) {
  const auto file = Script("bad.json", "{\"name\":\"x\",\n\"mile\":1}");
  ExpectSays(Gate({"--policy", file}), 2, {"bad.json", "`milestone` is missing"});
  ExpectSays(Gate({"--policy", "no-such"}), 2, {"nightly, pull-request, release"});
}

TEST_F(GateCli, AFlagThatWouldWeakenThePolicyIsAUsageError) {
  for (const auto& [flag, value] : {std::pair{"--only", "x"},
                                    {"--modes", "S"},
                                    {"--repeat", "2"},
                                    {"--milestone", "M2"},
                                    {"--requests", "5"}}) {
    ExpectSays(Gate({"--policy", Policy(), flag, value}), 2, {flag, "excludes"});
  }
}

TEST_F(GateCli, ASuiteThatTheHostHasNoModeForIsAnError) {
  const auto profile =
      Script("profile.json", R"({"name":"s-only","protocol":"zene-host-v1","modes":{"stream":[)"
                             R"("${bin.dir}/refhost","host","--protocol","v1",)"
                             R"("--single-request=false"]},"env":{"LLM_PROVIDER":"openai",)"
                             R"("LLM_BASE_URL":"${provider.base_url}",)"
                             R"("LLM_API_KEY":"${provider.key}"}})");
  const auto ended = Touchstone(
      {"gate", "--profile", profile, "--policy", Policy(R"(,"fuzz":{"modes":["O"],"cases":5})")});
  ExpectSays(ended, 3, {"NO VERDICT", "gate/fuzz [O] was asked for and did not run"});
}

TEST_F(GateCli, WhatVanishedSinceTheBaselineBlocks) {
  ExpectSays(Gate({"--policy", Policy(), "--report-dir", File("before")}), 0, {"passed"});
  const std::string baseline = File("before") / "report.json";
  ExpectSays(Gate({"--policy", Policy(), "--baseline", baseline}), 0, {"passed"});
  ExpectSays(Gate({"--policy", Policy("", "ctrl/ping"), "--baseline", baseline, "--report-dir",
                   File("after")}),
             1, {"vanished: it was pass in report.json"});
  EXPECT_FALSE(Report("after").at("baseline").at("vanished").as_array().empty());
  ExpectSays(
      Gate({"--only", "ctrl/ping", "--modes", "S", "--requests", "10", "--baseline", baseline}), 1,
      {"vanished"});
  ExpectSays(Gate({"--baseline", Script("garbage.json", "{}")}), 2,
             {"the baseline", "`tool` is missing"});

  const std::string after = File("after") / "report.json";
  ExpectSays(Touchstone({"diff", baseline, after}), 1, {"vanished (2)", "0 regressed, 2 vanished"});
  ExpectSays(Touchstone({"diff", baseline, after, "--format", "json"}), 1,
             {R"("regression":true)"});
  ExpectSays(Touchstone({"diff", baseline, after, "--format", "markdown"}), 1, {"### vanished"});
  ExpectSays(Touchstone({"diff", after, baseline}), 0, {"appeared (", "no regression"});
  ExpectSays(Touchstone({"diff", after, File("garbage.json")}), 2, {"`tool` is missing"});
  ExpectSays(Touchstone({"diff", after, File("nowhere.json")}), 2, {"nowhere.json"});
}

TEST_F(GateCli, EachCheckIsRepeated) {
  ExpectSays(
      Gate({"--policy", Policy("", "ctrl/ping", R"(,"repeat":3)"), "--report-dir", File("report")}),
      0, {"passed"});
  const auto report = Report("report");
  const auto& attempts = report.at("results").at(0).at("attempts");
  EXPECT_EQ(attempts.at("pass"), 3);
}

// A host that fails in every second process it is started as.
TEST_F(GateCli, AFlakyCheckBlocks) {
  std::string command;
  for (const auto& word : MiniHostCommand()) command += " '" + word + "'";
  std::string broken;
  for (const auto& word : MiniHostCommand("log-line")) broken += " '" + word + "'";
  const auto host =
      Script("host.sh", "#!/bin/sh\nn=$(cat " + File("count").string() +
                            " 2>/dev/null || echo 0)\n" + "echo $((n + 1)) >" +
                            File("count").string() + "\n" + "if [ $((n % 2)) -eq 0 ]; then exec" +
                            command + " \"$@\"; fi\nexec" + broken + " \"$@\"\n");
  const auto ended = Touchstone({"run", "--only", "ctrl/ping", "--modes", "S", "--repeat", "4",
                                 "--jobs", "1", "--report-dir", File("report"), "--", host});
  ExpectSays(ended, 1, {"flaky", "of 4 attempts failed"});
  EXPECT_EQ(Report("report").at("results").at(0).at("verdict"), "flaky");
}

TEST_F(GateCli, ShardsAreMergedAndNoneMayBeMissing) {
  std::vector<std::string> reports;
  for (const char* part : {"1", "2"}) {
    ExpectSays(Gate({"--policy", Policy("", "ctrl/*ping*"), "--seed", "7", "--shard",
                     part + std::string("/2"), "--report-dir", File(part)},
                    "log-line"),
               1, {"the verdict on the whole is that of `touchstone merge`"});
    reports.push_back(File(part) / "report.json");
  }
  ExpectSays(Touchstone({"merge", reports[0], reports[1], "--policy", Policy(), "--report-dir",
                         File("whole")}),
             1, {"gate mine: BLOCKED", "is broken"});
  const auto whole = Report("whole");
  EXPECT_EQ(whole.at("results").as_array().size(), Report("1").at("results").as_array().size() +
                                                       Report("2").at("results").as_array().size());
  const auto transcript = whole.at("results").at(0).at("transcript").as_string();
  EXPECT_NE(ReadFile(File("whole") / std::string(transcript)).find("host     out"),
            std::string::npos);
  ExpectSays(Touchstone({"merge", reports[1], "--policy", Policy()}), 3, {"missing: shard 1/2"});
  ExpectSays(Touchstone({"merge", reports[0], reports[0], "--policy", Policy()}), 3,
             {"shard 1/2 is there twice"});
  ExpectSays(Touchstone({"merge", reports[0], reports[1]}), 2, {"played by policy mine"});
  ExpectSays(Touchstone({"merge", File("whole") / "report.json", "--policy", Policy()}), 3,
             {"not made with --shard"});
  ExpectSays(Touchstone({"diff", reports[0], reports[1]}), 3, {"merge the shards first"});
}

TEST_F(GateCli, AShardMustBeOne) {
  for (const char* bad : {"0/2", "3/2", "x", "1"})
    ExpectSays(Gate({"--seed", "7", "--shard", bad}), 2, {"--shard", "i/n expected"});
  ExpectSays(Gate({"--shard", "1/2"}), 2, {"--shard", "--seed"});
}

}  // namespace
}  // namespace touchstone::testing
