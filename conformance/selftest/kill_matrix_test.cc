#include "conformance/selftest/kill_matrix.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "conformance/selftest/selftest.h"

namespace touchstone {
namespace {

using defective::Defect;
using defective::Subtlety;

const Defect kDefect{.name = "forgets",
                     .requirement = "SESS-01",
                     .subtlety = Subtlety::kRare,
                     .about = "It forgets.",
                     .make = nullptr,
                     .checks = {"sess/*"},
                     .fast = true,
                     .also = {"SESS-04"}};

CheckResult Result(Verdict verdict, const std::string& blamed = {}) {
  CheckResult result;
  result.check = "sess/one";
  result.mode = Mode::kOneShot;
  result.judgement.verdict = verdict;
  result.judgement.message = "what was seen";
  result.duration_ms = 500;
  if (!blamed.empty()) result.judgement.violations = {{blamed, "seen of " + blamed}};
  return result;
}

Trial Weighed(const std::vector<CheckResult>& results) {
  Trial trial;
  trial.defect = &kDefect;
  for (const auto& result : results) Weigh(trial, result);
  return trial;
}

TEST(Weigh, TheRightRequirementWins) {
  const Trial trial = Weighed({Result(Verdict::kFail, "RESP-01"), Result(Verdict::kPass),
                               Result(Verdict::kFail, "SESS-01"), Result(Verdict::kPass)});
  EXPECT_EQ(trial.fate, Fate::kRight);
  EXPECT_EQ(trial.blamed, "SESS-01");
  EXPECT_EQ(trial.message, "seen of SESS-01");
  EXPECT_EQ(trial.plays, 4);
  EXPECT_DOUBLE_EQ(trial.seconds, 2);
}

TEST(Weigh, AnIdThatIsAsRightIsRight) {
  EXPECT_EQ(Weighed({Result(Verdict::kFail, "SESS-04")}).fate, Fate::kRight);
}

TEST(Weigh, AmongSeveralViolationsTheRightOneCounts) {
  auto result = Result(Verdict::kFail, "RESP-01");
  result.judgement.violations.push_back({"SESS-01", "also"});
  EXPECT_EQ(Weighed({result}).fate, Fate::kRight);
}

TEST(Weigh, AnotherRequirementIsAnother) {
  const Trial trial = Weighed({Result(Verdict::kPass), Result(Verdict::kFail, "RESP-01")});
  EXPECT_EQ(trial.fate, Fate::kOther);
  EXPECT_EQ(trial.blamed, "RESP-01");
}

TEST(Weigh, WhoPassesSurvives) {
  EXPECT_EQ(Weighed({Result(Verdict::kInconclusive), Result(Verdict::kPass)}).fate,
            Fate::kSurvived);
}

TEST(Weigh, WithoutAVerdictNothingIsProven) {
  EXPECT_EQ(Weighed({}).fate, Fate::kNotJudged);
  EXPECT_EQ(Weighed({Result(Verdict::kSkip)}).fate, Fate::kNotJudged);
  const Trial trial = Weighed({Result(Verdict::kInconclusive), Result(Verdict::kHarnessBug)});
  EXPECT_EQ(trial.fate, Fate::kNotJudged);
  EXPECT_EQ(trial.message, "what was seen");
}

KillMatrix Matrix(int right, int other, int survived = 0, int not_judged = 0) {
  KillMatrix matrix;
  const auto add = [&](int times, const Trial& trial) {
    for (int i = 0; i < times; ++i) matrix.trials.push_back(trial);
  };
  add(right, Weighed({Result(Verdict::kFail, "SESS-01")}));
  add(other, Weighed({Result(Verdict::kFail, "RESP-01")}));
  add(survived, Weighed({Result(Verdict::kPass)}));
  add(not_judged, Weighed({}));
  return matrix;
}

TEST(KillMatrix, BitesWhenNearlyAllAreKilledByTheRightRequirement) {
  EXPECT_TRUE(Matrix(20, 0).bites());
  EXPECT_TRUE(Matrix(95, 5).bites());
  EXPECT_FALSE(Matrix(94, 6).bites());
  EXPECT_FALSE(Matrix(1000, 0, 1).bites());
  EXPECT_FALSE(Matrix(1000, 0, 0, 1).bites());
  EXPECT_FALSE(KillMatrix{}.bites()) << "nothing was proven";
}

TEST(KillMatrix, AFalseAlarmAGapAndAnInterruptionAreNoBite) {
  auto matrix = Matrix(20, 0);
  matrix.false_alarms = {"sess/one [S]: blamed in vain"};
  EXPECT_FALSE(matrix.bites());
  EXPECT_NE(FormatMatrix(matrix).find("FALSE ALARM at an unbroken host: sess/one"),
            std::string::npos);
  matrix = Matrix(20, 0);
  matrix.without_defect = {"SESS-02"};
  EXPECT_FALSE(matrix.bites());
  matrix = Matrix(20, 0);
  matrix.interrupted = true;
  EXPECT_FALSE(matrix.bites());
}

TEST(KillMatrix, NamesSurvivorsAndCountsAreas) {
  const auto text = FormatMatrix(Matrix(2, 1, 1));
  EXPECT_NE(text.find("SESS              2                  1         1"), std::string::npos)
      << text;
  EXPECT_NE(
      text.find("SURVIVED           SESS-01    rare     forgets: 1 plays passed: It forgets."),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("does NOT bite"), std::string::npos);
}

TEST(KillMatrix, IsJson) {
  const auto json = boost::json::parse(MatrixJson(Matrix(1, 0, 1))).as_object();
  EXPECT_FALSE(json.at("bites").as_bool());
  EXPECT_EQ(json.at("survived"), 1);
  const auto& trial = json.at("trials").at(0).as_object();
  EXPECT_EQ(trial.at("fate"), "right");
  EXPECT_EQ(trial.at("check"), "sess/one");
  EXPECT_EQ(trial.at("mode"), "O");
}

TEST(JobsFor, AreThoseThatTheRowNamesOrAllOfItsRequirement) {
  std::vector<Job> jobs(3);
  jobs[0].check = "sess/one";
  jobs[1].check = "resp/two";
  jobs[1].requirements = {"SESS-01"};
  jobs[2].check = "sess/three";
  EXPECT_EQ(JobsFor(kDefect, jobs), (std::vector<const Job*>{&jobs[0], &jobs[2]}));
  Defect open = kDefect;
  open.checks.clear();
  EXPECT_EQ(JobsFor(open, jobs), std::vector<const Job*>{&jobs[1]});
}

TEST(BehindShim, StandsBeforeEveryCommand) {
  Profile profile;
  profile.commands = {{"stream", {"host", "--x"}}, {"inspect", {"host", "inspect"}}};
  const auto behind = BehindShim(profile, "/bin/shim", "forgets");
  EXPECT_EQ(behind.commands.at("stream"),
            (std::vector<std::string>{"/bin/shim", "--defect", "forgets", "--", "host", "--x"}));
  EXPECT_EQ(behind.commands.at("inspect").front(), "/bin/shim");
}

// The table itself.
TEST(Defects, HaveNamesOfTheirOwnAndSayWhatIsBroken) {
  std::set<std::string> names;
  for (const Defect& defect : defective::Defects()) {
    EXPECT_TRUE(names.insert(defect.name).second) << defect.name << " is there twice";
    EXPECT_TRUE(defect.about.ends_with(".")) << defect.name;
    EXPECT_NE(defect.make, nullptr);
    EXPECT_EQ(defect.requirement.empty(), defect.name == "none") << defect.name;
  }
}

}  // namespace
}  // namespace touchstone
