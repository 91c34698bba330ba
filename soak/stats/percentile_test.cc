#include "soak/stats/percentile.h"

#include <gtest/gtest.h>

namespace touchstone::soak {
namespace {

TEST(PercentileTest, IsTheNearestRank) {
  const std::vector<double> sample = {5, 1, 4, 2, 3};
  EXPECT_EQ(Percentile(sample, 0.5), 3);
  EXPECT_EQ(Percentile(sample, 0.99), 5);
  EXPECT_EQ(Percentile(sample, 0.2), 1);
  EXPECT_EQ(Percentile(sample, 0), 1);
  EXPECT_EQ(Percentile(sample, 1), 5);
}

TEST(PercentileTest, OfNothingIsZero) { EXPECT_EQ(Percentile({}, 0.5), 0); }

}  // namespace
}  // namespace touchstone::soak
