#include "conformance/report/report.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cstdlib>

#include "conformance/observe/strict_json.h"
#include "conformance/report/writer.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using boost::json::object;

const Requirement kRow{"FRAME-01", "MUST", "M1", {Mode::kStream, Mode::kBridge}, "", "", "t", "2"};

Report SomeReport() {
  Report report;
  report.version = "1.2.3";
  report.seed = 7;
  report.host_name = "bad <host> & \"co\"";
  report.host_command = "bad host";
  report.milestone = "M1";
  report.replay_prefix = "touchstone run -- ./bad";
  report.ledger.summary = {5, 5, 1, 1, 1, 1, 1};
  report.ledger.requirements = {{&kRow, "fail", false, {Mode::kBridge}}};
  report.ledger.blocking = {"FRAME-01 is broken"};
  report.ledger.overall = Overall::kNonconformant;
  report.ledger.exit_status = 1;
  const auto add = [&](const char* check, const char* kind, Mode mode, Judgement judgement) {
    report.results.push_back({check, kind, {"FRAME-01"}, mode, std::move(judgement), 12.7, {}});
  };
  add("frame/good", "case", Mode::kStream, Judgement::Pass());
  add("frame/bad", "case", Mode::kOneShot,
      Judgement::From({{"FRAME-01", "a <log> & \x01 \"line\" ü ]]>"}}, "the transcript"));
  add("life/skipped", "check", Mode::kBridge, Judgement::Skip("not claimed: tools"));
  add("time/late", "case", Mode::kStream, Judgement::Inconclusive("lag"));
  add("exit/oops", "check", Mode::kNone, Judgement::HarnessBug("a bug"));
  return report;
}

// Each key of issue 2, with its type. Further keys are allowed.
TEST(ReportJson, HasTheStableShape) {
  const auto parsed = ParseStrict(FormatJson(SomeReport()));
  ASSERT_TRUE(parsed) << parsed.error().message;
  const object& json = parsed->get_object();
  EXPECT_EQ(json.at("tool"), "touchstone");
  EXPECT_EQ(json.at("version"), "1.2.3");
  EXPECT_EQ(json.at("seed"), 7);
  EXPECT_EQ(json.at("host"), (object{{"name", "bad <host> & \"co\""}, {"command", "bad host"}}));
  EXPECT_EQ(json.at("milestone"), "M1");
  EXPECT_EQ(json.at("summary"), (object{{"planned", 5},
                                        {"executed", 5},
                                        {"pass", 1},
                                        {"fail", 1},
                                        {"skip", 1},
                                        {"inconclusive", 1},
                                        {"harness_bug", 1},
                                        {"flaky", 0}}));
  EXPECT_EQ(json.at("verdict"), "nonconformant");
  const object& row = json.at("requirements").at(0).get_object();
  EXPECT_EQ(row.at("id"), "FRAME-01");
  EXPECT_EQ(row.at("level"), "MUST");
  EXPECT_EQ(row.at("milestone"), "M1");
  EXPECT_EQ(row.at("verdict"), "fail");
  const auto& results = json.at("results").get_array();
  ASSERT_EQ(results.size(), 5u);
  const char* verdicts[] = {"pass", "fail", "skip", "inconclusive", "harness_bug"};
  const char* modes[] = {"S", "O", "B", "S", "-"};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const object& result = results[i].get_object();
    EXPECT_TRUE(result.at("check").is_string());
    EXPECT_TRUE(result.at("kind") == "case" || result.at("kind") == "check");
    EXPECT_EQ(result.at("requirements"), boost::json::array{"FRAME-01"});
    EXPECT_EQ(result.at("mode"), modes[i]);
    EXPECT_EQ(result.at("verdict"), verdicts[i]);
    EXPECT_TRUE(result.at("duration_ms").is_int64());
    EXPECT_TRUE(result.at("message").is_string());
    EXPECT_TRUE(result.at("transcript").is_null());
  }
}

TEST(ReportJson, NamesTheThreeVerdicts) {
  EXPECT_EQ(ToString(Overall::kConformant), "conformant");
  EXPECT_EQ(ToString(Overall::kNonconformant), "nonconformant");
  EXPECT_EQ(ToString(Overall::kError), "error");
}

TEST(Report, TheReplayCommandPlaysJustThisCheck) {
  Report report = SomeReport();
  EXPECT_EQ(ReplayCommand(report, report.results[1]),
            "touchstone run --seed 7 --only 'frame/bad' --modes O -- ./bad");
  report.replay_prefix = "touchstone run --profile p.json";
  EXPECT_EQ(ReplayCommand(report, report.results[4]),
            "touchstone run --profile p.json --seed 7 --only 'exit/oops'");
}

TEST(Report, TheFolderHoldsAllThree) {
  TestFolder folder;
  Report report = SomeReport();
  const auto directory = folder.path() / "new/folder";
  ASSERT_TRUE(WriteReport(report, directory));
  const auto json = boost::json::parse(ReadFile(directory / "report.json"));
  EXPECT_TRUE(json.at("results").at(0).at("transcript").is_null());
  const std::string file(json.at("results").at(1).at("transcript").as_string());
  EXPECT_EQ(file, "transcripts/frame.bad.O.txt");
  const auto transcript = ReadFile(directory / file);
  EXPECT_NE(transcript.find("the transcript"), std::string::npos);
  EXPECT_NE(transcript.find(ReplayCommand(report, report.results[1])), std::string::npos);
  // A later run leaves nothing of the former.
  report.results.erase(report.results.begin() + 1);
  ASSERT_TRUE(WriteReport(report, directory));
  EXPECT_FALSE(std::filesystem::exists(directory / file));
  WriteFile(folder.path() / "file", "");
  EXPECT_FALSE(WriteReport(report, folder.path() / "file/report"));
}

TEST(Junit, IsWellFormedXml) {
  TestFolder folder;
  const auto file = folder.path() / "junit.xml";
  WriteFile(file, FormatJunit(SomeReport()));
  const std::string script =
      "import sys, xml.etree.ElementTree as tree\n"
      "root = tree.parse(sys.argv[1]).getroot()\n"
      "assert root.tag == 'testsuites' and root.get('tests') == '5', root.attrib\n"
      "assert root.get('failures') == '1' and root.get('errors') == '1', root.attrib\n"
      "assert [s.get('name') for s in root] == ['exit', 'frame', 'life', 'time']\n"
      "cases = list(root.iter('testcase'))\n"
      "assert len(cases) == 5\n"
      "failure, = root.iter('failure')\n"
      "assert failure.get('type') == 'FRAME-01'\n"
      "assert '<log>' in failure.get('message') and '\\u00fc' in failure.text\n"
      "assert len(list(root.iter('skipped'))) == 2 and len(list(root.iter('error'))) == 1\n";
  WriteFile(folder.path() / "check.py", script);
  const std::string command =
      "/usr/bin/python3 " + (folder.path() / "check.py").string() + " " + file.string();
  EXPECT_EQ(std::system(command.c_str()), 0) << ReadFile(file);
}

TEST(Summary, SaysTheVerdictAndWhy) {
  const auto text = FormatSummary(SomeReport());
  for (const char* words : {"nonconformant for milestone M1", "because:", "FRAME-01 is broken",
                            "5 planned, 5 executed: 1 pass, 1 fail", "seed 7"})
    EXPECT_NE(text.find(words), std::string::npos) << words << text;
}

}  // namespace
}  // namespace touchstone::testing
