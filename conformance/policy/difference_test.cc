#include "conformance/policy/difference.h"

#include <gtest/gtest.h>

#include "conformance/observe/strict_json.h"
#include "conformance/policy/synthetic.h"

namespace touchstone::testing {
namespace {

std::vector<std::string> Subjects(const std::vector<DifferenceRow>& rows) {
  std::vector<std::string> subjects;
  for (const auto& row : rows) subjects.push_back(row.subject);
  return subjects;
}
using Names = std::vector<std::string>;

constexpr double kTenth = 0.1;

TEST(Difference, OfAReportToItselfIsNothing) {
  const auto report = ReportOf({Result("a", Verdict::kPass), Result("b", Verdict::kFail)});
  const auto d = Compare(report, report, kTenth);
  EXPECT_FALSE(d.Regressed());
  EXPECT_TRUE(d.fixed.empty() && d.appeared.empty() && d.unproven.empty() && d.noise.empty());
}

TEST(Difference, SortsEachChangeToItsPlace) {
  const auto before = ReportOf({
      Result("broke", Verdict::kPass),
      Result("became-flaky", Verdict::kPass),
      Result("worse", Verdict::kFlaky),
      Result("mended", Verdict::kFail),
      Result("steady", Verdict::kFlaky),
      Result("gone", Verdict::kPass),
      Result("skipped", Verdict::kPass),
      Result("unsure", Verdict::kPass),
      Result("claimed", Verdict::kSkip),
      Result("still-bad", Verdict::kFail),
  });
  const auto after = ReportOf({
      Result("broke", Verdict::kFail, "it broke"),
      Result("became-flaky", Verdict::kFlaky),
      Result("worse", Verdict::kFail),
      Result("mended", Verdict::kPass),
      Result("steady", Verdict::kPass),
      Result("skipped", Verdict::kSkip, "not claimed"),
      Result("unsure", Verdict::kInconclusive),
      Result("claimed", Verdict::kPass),
      Result("still-bad", Verdict::kFail),
      Result("new", Verdict::kFail),
  });
  const auto d = Compare(before, after, kTenth);
  EXPECT_EQ(Subjects(d.regressed), (Names{"became-flaky [S]", "broke [S]", "worse [S]"}));
  EXPECT_EQ(Subjects(d.fixed), (Names{"mended [S]", "steady [S]"}));
  EXPECT_EQ(Subjects(d.vanished), (Names{"gone [S]", "skipped [S]"}));
  EXPECT_EQ(Subjects(d.unproven), (Names{"unsure [S]"}));
  EXPECT_EQ(Subjects(d.appeared), (Names{"claimed [S]", "new [S]"}));
  EXPECT_EQ(d.regressed[1].message, "it broke");
  EXPECT_TRUE(d.Regressed());
}

TEST(Difference, ACheckThatVanishedIsARegressionByItself) {
  const auto before = ReportOf({Result("a", Verdict::kPass), Result("b", Verdict::kPass)});
  EXPECT_TRUE(Compare(before, ReportOf({Result("a", Verdict::kPass)}), kTenth).Regressed());
  EXPECT_FALSE(Compare(ReportOf({Result("a", Verdict::kPass)}), before, kTenth).Regressed());
}

TEST(Difference, TheSameCheckInAnotherModeIsAnother) {
  const auto before = ReportOf({Result("a", Verdict::kPass, "", Mode::kStream)});
  const auto after = ReportOf({Result("a", Verdict::kPass, "", Mode::kBridge)});
  const auto d = Compare(before, after, kTenth);
  EXPECT_EQ(Subjects(d.vanished), (Names{"a [S]"}));
  EXPECT_EQ(Subjects(d.appeared), (Names{"a [B]"}));
}

TEST(Difference, ComparesRequirements) {
  const auto before = ReportOf({Result("a", Verdict::kPass)});
  auto after = before;
  after.ledger.requirements[0].verdict = "fail";
  const auto d = Compare(before, after, kTenth);
  EXPECT_EQ(Subjects(d.regressed), (Names{"CTRL-01"}));
  after.ledger.requirements[0].verdict = "uncovered";
  EXPECT_EQ(Subjects(Compare(before, after, kTenth).vanished), (Names{"CTRL-01"}));
}

Benchmark Times(const std::string& name, double middle, int count = 9) {
  Benchmark benchmark;
  benchmark.name = name;
  benchmark.unit = "ms";
  for (int i = 0; i < count; ++i) benchmark.samples.push_back(middle * (1 + 0.001 * i));
  return benchmark;
}

TEST(Difference, ComparesBenchmarksBeyondNoise) {
  auto before = ReportOf({Result("a", Verdict::kPass)});
  auto after = before;
  before.benchmarks = {Times("slower", 1), Times("faster", 1), Times("same", 1), Times("gone", 1)};
  after.benchmarks = {Times("slower", 2), Times("faster", 0.5), Times("same", 1.02),
                      Times("new", 1)};
  const auto d = Compare(before, after, kTenth);
  EXPECT_EQ(Subjects(d.regressed), (Names{"slower"}));
  EXPECT_EQ(Subjects(d.fixed), (Names{"faster"}));
  EXPECT_EQ(Subjects(d.noise), (Names{"same"}));
  EXPECT_EQ(Subjects(d.vanished), (Names{"gone"}));
  EXPECT_EQ(Subjects(d.appeared), (Names{"new"}));
}

TEST(DifferenceFormats, SayWhatRegressed) {
  const auto d = Compare(ReportOf({Result("a", Verdict::kPass), Result("b", Verdict::kPass)}),
                         ReportOf({Result("a", Verdict::kFail, "a | <b> `c`")}), kTenth);
  const auto text = DifferenceText(d);
  EXPECT_NE(text.find("regressed (1):"), std::string::npos) << text;
  EXPECT_NE(text.find("pass -> fail: a | <b> `c`"), std::string::npos) << text;
  EXPECT_NE(text.find("pass -> not there"), std::string::npos) << text;
  EXPECT_NE(text.find("1 regressed, 1 vanished"), std::string::npos) << text;
  const auto markdown = DifferenceMarkdown(d);
  EXPECT_NE(markdown.find("| a \\[S] | pass | fail | a \\| \\<b> \\`c\\` |"), std::string::npos)
      << markdown;
  const auto json = ParseStrict(DifferenceJson(d));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("regression"), true);
  EXPECT_EQ(json->at("regressed").at(0).at("subject"), "a [S]");
  EXPECT_EQ(json->at("regressed").at(0).at("kind"), "check");
  EXPECT_NE(DifferenceText({}).find("no regression"), std::string::npos);
}

}  // namespace
}  // namespace touchstone::testing
