#include "conformance/run/plan.h"

#include <gtest/gtest.h>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

Judgement Never(Rig&, Mode) { return Judgement::Pass(); }

std::vector<Case> SomeCases() {
  Case one, two;
  one.name = "req/one/row";
  one.requirements = {"REQ-01"};
  one.modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge};
  two.name = "frame/two";
  two.requirements = {"FRAME-02", "LIFE-01"};
  two.modes = {Mode::kStream};
  return {one, two};
}

std::vector<Check> SomeChecks() {
  return {{.name = "life/check",
           .requirements = {"LIFE-06"},
           .modes = {Mode::kStream, Mode::kNone},
           .about = "x",
           .play = Never}};
}

Filter By(std::vector<std::string> areas, std::vector<std::string> globs) {
  Filter filter;
  filter.areas = std::move(areas);
  filter.globs = std::move(globs);
  return filter;
}

Filter ByMode(Mode mode) {
  Filter filter;
  filter.modes = {mode};
  return filter;
}

std::string Names(const Filter& filter) {
  const auto jobs = MakePlan(SomeCases(), SomeChecks(), filter);
  if (!jobs) return "nothing";
  std::string names;
  for (const Job& job : *jobs) names += job.check + " " + std::string(ToString(job.mode)) + ";";
  return names;
}

TEST(Plan, TakesAllWithoutAFilter) {
  EXPECT_EQ(Names({}),
            "req/one/row S;req/one/row O;req/one/row B;frame/two S;life/check S;"
            "life/check -;");
}

TEST(Plan, FiltersByModeAreaAndGlob) {
  EXPECT_EQ(Names(ByMode(Mode::kOneShot)), "req/one/row O;life/check -;");
  EXPECT_EQ(Names(By({"req"}, {})), "req/one/row S;req/one/row O;req/one/row B;");
  // By the folder or by a requirement.
  EXPECT_EQ(Names(By({"LIFE"}, {})), "frame/two S;life/check S;life/check -;");
  EXPECT_EQ(Names(By({}, {"frame/*"})), "frame/two S;");
  EXPECT_EQ(Names(By({}, {"req/*/r?w", "life/*"})),
            "req/one/row S;req/one/row O;req/one/row B;life/check S;life/check -;");
  EXPECT_EQ(Names(By({"REQ"}, {"frame/*"})), "nothing");
}

TEST(Plan, SaysWhatThereIsWhenNothingMatches) {
  const auto jobs = MakePlan(SomeCases(), SomeChecks(), By({}, {"nothing"}));
  ASSERT_FALSE(jobs);
  EXPECT_NE(jobs.error().find("none of 2 cases and 1 checks; areas: frame life req"),
            std::string::npos)
      << jobs.error();
  EXPECT_FALSE(MakePlan({}, {}, {}));
}

TEST(Plan, KnowsWhetherItIsAPart) {
  EXPECT_FALSE(Filter{}.active());
  EXPECT_TRUE((ByMode(Mode::kStream)).active());
  EXPECT_TRUE((By({"REQ"}, {})).active());
  EXPECT_TRUE((By({}, {"*"})).active());
}

}  // namespace
}  // namespace touchstone::testing
