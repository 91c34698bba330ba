#include "conformance/fuzz/recipe.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "conformance/fuzz/oracle.h"

namespace touchstone::fuzz {
namespace {

constexpr std::size_t kLimit = 4096;

TEST(Recipe, TheSameSeedGivesTheSameInputs) {
  for (Family family : kFamilies) {
    for (std::uint32_t i = 0; i < 200; ++i) {
      EXPECT_EQ(Render(DrawRecipe(family, 7, i), kLimit), Render(DrawRecipe(family, 7, i), kLimit));
    }
    EXPECT_NE(DrawRecipe(family, 7, 1), DrawRecipe(family, 8, 1));
  }
}

std::vector<std::string> LinesOf(const std::string& block) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < block.size();) {
    const auto lf = block.find('\n', at);
    lines.push_back(block.substr(at, lf - at));
    at = lf == block.npos ? lf : lf + 1;
  }
  return lines;
}

// What the inputs are about, by the requirement that judges them.
std::map<std::string, int> Reach(Family family) {
  std::map<std::string, int> reach;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const auto block = Render(DrawRecipe(family, 1, i), kLimit);
    EXPECT_TRUE(block.ends_with('\n'));
    for (const auto& line : LinesOf(block)) {
      const auto ruling = JudgeRequest(line, Mode::kStream, {kLimit});
      ++reach[std::string(ToString(ruling.standing)) + " " + ruling.requirement];
    }
  }
  return reach;
}

TEST(Recipe, EveryRequirementIsReachedOnBothSides) {
  auto reach = Reach(Family::kRequests);
  for (const char* wanted : {"valid REQ-08",
                             "valid CTRL-01",
                             "valid FRAME-17",
                             "valid LIFE-01",
                             "valid CTRL-09",
                             "invalid FRAME-06",
                             "invalid FRAME-09",
                             "invalid REQ-01",
                             "invalid REQ-02",
                             "invalid REQ-03",
                             "invalid REQ-04",
                             "invalid REQ-05",
                             "invalid REQ-06",
                             "invalid REQ-07",
                             "valid REQ-07",
                             "invalid REQ-13",
                             "invalid CTRL-03",
                             "invalid CTRL-04",
                             "invalid (should) FRAME-11",
                             "free FRAME-06",
                             "free REQ-07"}) {
    EXPECT_GT(reach[wanted], 10) << wanted;
  }
  reach = Reach(Family::kBytes);
  for (const char* wanted : {"invalid FRAME-06", "invalid FRAME-09", "valid REQ-08", "blank ",
                             "invalid REQ-02", "valid CTRL-01"}) {
    EXPECT_GT(reach[wanted], 10) << wanted;
  }
  reach = Reach(Family::kFraming);
  for (const char* wanted :
       {"invalid FRAME-08", "valid FRAME-08", "valid FRAME-05", "blank ", "free FRAME-06"}) {
    EXPECT_GT(reach[wanted], 10) << wanted;
  }
  reach = Reach(Family::kJson);
  for (const char* wanted : {"invalid FRAME-10", "valid FRAME-10", "valid REQ-08",
                             "invalid FRAME-06", "invalid FRAME-09", "free FRAME-06"}) {
    EXPECT_GT(reach[wanted], 10) << wanted;
  }
}

// Otherwise the search for a simpler input would not end, or would not find one.
RC_GTEST_PROP(RecipeProperty, ShrinksToNothing, ()) {
  auto family = *rc::gen::elementOf(std::vector<Family>(kFamilies.begin(), kFamilies.end()));
  auto shrinkable = Recipes(family)(rc::Random(*rc::gen::arbitrary<std::uint64_t>()));
  for (int steps = 0; steps < 200; ++steps) {
    auto simpler = shrinkable.shrinks();
    auto next = simpler.next();
    if (!next) break;
    shrinkable = *next;
  }
  const auto simplest = shrinkable.value();
  RC_ASSERT(simplest.mutations.empty() && simplest.base == 0);
  const auto ruling = JudgeRequest(LinesOf(Render(simplest, kLimit)).front(), Mode::kStream);
  RC_ASSERT(ruling.standing == Standing::kValid);
}

}  // namespace
}  // namespace touchstone::fuzz
