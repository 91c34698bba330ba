#include "conformance/report/report_file.h"

#include <gtest/gtest.h>

#include "conformance/report/writer.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

namespace fs = std::filesystem;

const Requirement kRow{"FRAME-01", "MUST", "M1", {Mode::kStream, Mode::kBridge}, "", "", "t", "2"};

Report SomeReport() {
  Report report;
  report.version = "1.2.3";
  report.seed = 18446744073709551615u;
  report.host_name = "host \"x\"";
  report.host_command = "host";
  report.milestone = "M2";
  report.replay_prefix = "touchstone run -- ./host";
  report.duration_ms = 12;
  report.policy = "release";
  report.filtered = true;
  report.shard = ShardInfo{2, 3, 9, "0123456789abcdef"};
  report.ledger.summary = {5, 4, 1, 1, 0, 1, 0, 1};
  report.ledger.requirements = {{&kRow, "fail", true, {Mode::kBridge}}};
  report.ledger.blocking = {"because"};
  report.ledger.warnings = {"beware"};
  report.ledger.overall = Overall::kNonconformant;
  report.ledger.exit_status = 1;
  CheckResult good{"frame/good", "case", {"FRAME-01"}, Mode::kStream, Judgement::Pass(), 3, {}};
  good.judgement.counted = Counted{"requests", 10, 9};
  CheckResult flaky{"frame/flaky",
                    "check",
                    {"FRAME-01", "LIFE-01"},
                    Mode::kNone,
                    Judgement::From({{"FRAME-01", "a\nb"}}, "line 1\nline 2\n"),
                    4,
                    {}};
  flaky.judgement.verdict = Verdict::kFlaky;
  flaky.attempts = Attempts{1, 2, 3};
  report.results = {good, flaky};
  Benchmark benchmark;
  benchmark.name = "b";
  benchmark.unit = "ms";
  benchmark.samples = {1, 2.5};
  report.benchmarks = {benchmark};
  soak::Summary soak;
  soak.name = "short";
  soak.mode = "S";
  soak.verdict = "pass";
  soak.host.latency.p99_ms = 3.5;
  report.soaks = {soak};
  return report;
}

class ReportFileTest : public ::testing::Test {
 protected:
  fs::path Json() const { return folder_.path() / "report.json"; }
  std::string FaultOf(const std::string& text) {
    WriteFile(Json(), text);
    const auto read = ReadReport(Json());
    EXPECT_FALSE(read) << text;
    return read ? "" : read.error();
  }
  TestFolder folder_;
};

// Whatever the writer says, the reader understands: to write it again gives the same bytes.
TEST_F(ReportFileTest, ReadsBackWhatWasWritten) {
  auto report = SomeReport();
  ASSERT_TRUE(WriteReport(report, folder_.path()));
  auto read = ReadReport(Json());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(FormatJson(read->report), ReadFile(Json()));
  EXPECT_EQ(read->report.seed, 18446744073709551615u);
  EXPECT_EQ(read->report.results[1].attempts, (Attempts{1, 2, 3}));
  EXPECT_EQ(read->report.results[0].judgement.counted, (Counted{"requests", 10, 9}));
  EXPECT_EQ(read->report.shard, report.shard);
  EXPECT_EQ(read->report.benchmarks.size(), 1u);
  ASSERT_EQ(read->report.soaks.size(), 1u);
  EXPECT_EQ(read->report.soaks[0].name, "short");
}

TEST_F(ReportFileTest, CarriesTranscriptsOver) {
  auto report = SomeReport();
  ASSERT_TRUE(WriteReport(report, folder_.path()));
  auto read = ReadReport(Json());
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE(LoadTranscripts(*read).empty());
  EXPECT_EQ(read->report.results[1].judgement.transcript, "line 1\nline 2\n");

  fs::remove(folder_.path() / report.results[1].transcript_file);
  const auto missing = LoadTranscripts(*read);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_NE(missing[0].find("frame.flaky"), std::string::npos);
}

TEST_F(ReportFileTest, SaysWhatIsWrongWithGarbage) {
  EXPECT_NE(FaultOf("").find("report.json:1: not JSON"), std::string::npos);
  EXPECT_NE(FaultOf("{\n\"tool\":").find("report.json:2: not JSON"), std::string::npos);
  EXPECT_NE(FaultOf("[]").find("expected an object"), std::string::npos);
  EXPECT_NE(FaultOf("{}").find("`tool` is missing"), std::string::npos);
  EXPECT_NE(FaultOf(R"({"tool":"pytest"})").find("this is no report of it"), std::string::npos);
  EXPECT_NE(FaultOf(R"({"tool":"touchstone","version":"1"})").find("`seed` is missing"),
            std::string::npos);
  const auto missing = ReadReport(folder_.path() / "nowhere.json");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("cannot be read"), std::string::npos);
}

// One thing wrong at a time, in a report that is right otherwise.
TEST_F(ReportFileTest, SaysWhichValueIsWrong) {
  const std::string text = FormatJson(SomeReport());
  const struct {
    const char *from, *to, *says;
  } changes[] = {
      {R"("verdict":"flaky")", R"("verdict":"fine")", "`verdict`: no verdict of a check"},
      {R"("mode":"-")", R"("mode":"X")", "`mode`: expected one of S, O, B, -"},
      {R"("seed":18446744073709551615)", R"("seed":-1)", "`seed`: expected an integer"},
      {R"("milestone":"M2")", R"("milestone":"M9")", "`milestone`: expected one of"},
      {R"("index":2)", R"("index":4)", "`index`: expected a shard from 1 to `of`"},
      {R"("planned":5)", R"("planned":"5")", "`planned`: expected an integer"},
      {R"("samples":[)", R"("samples":["x",)", "`benchmarks`: "},
      {R"("transcript":null)", R"("transcript":"/etc/passwd")", "expected a file in transcripts/"},
      {R"("transcript":null)", R"("transcript":"transcripts/../../x")", "expected a file in"},
      {R"("attempts":{"pass":1)", R"("attempts":{"pass":-1)", "`pass`: expected an integer from 0"},
  };
  for (const auto& [from, to, says] : changes) {
    auto changed = text;
    const auto at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, std::string(from).size(), to);
    const auto fault = FaultOf(changed);
    EXPECT_NE(fault.find(says), std::string::npos) << from << ": " << fault;
    EXPECT_NE(fault.find("report.json:1: "), std::string::npos) << fault;
  }
}

// A report of an earlier version lacks what was added later.
TEST_F(ReportFileTest, ReadsAReportOfAnEarlierVersion) {
  WriteFile(Json(), R"({"tool":"touchstone","version":"0.1","seed":1,
    "host":{"name":"h","command":"h"},"milestone":"M1","summary":{"planned":1,"executed":1,"pass":1,
    "fail":0,"skip":0,"inconclusive":0,"harness_bug":0},"verdict":"conformant","exit_status":0,
    "duration_ms":5,"blocking":[],"warnings":[],"requirements":[],"results":[{"check":"a",
    "kind":"case","requirements":["FRAME-01"],"mode":"S","verdict":"pass","duration_ms":1,
    "message":"","transcript":null}]})");
  const auto read = ReadReport(Json());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->report.results.size(), 1u);
  EXPECT_FALSE(read->report.shard);
}

}  // namespace
}  // namespace touchstone::testing
