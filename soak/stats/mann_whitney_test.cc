#include "soak/stats/mann_whitney.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <random>

namespace touchstone::soak {
namespace {

std::vector<double> Draw(std::size_t n, const std::function<double()>& value) {
  std::vector<double> sample;
  for (std::size_t i = 0; i < n; ++i) sample.push_back(value());
  return sample;
}

// The definition, with no cleverness: each way to split the pool, its U counted pair by pair.
double OracleP(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> pool(a);
  pool.insert(pool.end(), b.begin(), b.end());
  const auto distance = [&](unsigned chosen) {
    double u = 0;
    for (std::size_t i = 0; i < pool.size(); ++i)
      for (std::size_t j = 0; j < pool.size(); ++j)
        if ((chosen >> i & 1) && !(chosen >> j & 1))
          u += pool[i] > pool[j] ? 1 : pool[i] == pool[j] ? 0.5 : 0;
    return std::abs(u - static_cast<double>(a.size() * b.size()) / 2);
  };
  const double observed = distance((1u << a.size()) - 1);
  int as_far = 0, all = 0;
  for (unsigned chosen = 0; chosen < 1u << pool.size(); ++chosen) {
    if (std::popcount(chosen) != static_cast<int>(a.size())) continue;
    ++all;
    as_far += distance(chosen) >= observed - 1e-9;
  }
  return as_far / static_cast<double>(all);
}

TEST(MannWhitney, KnowsTextbookValues) {
  // Ages of diabetics by sex: U = 17 of 20.
  const std::vector<double> men = {19, 22, 16, 29, 24}, women = {20, 11, 17, 12};
  EXPECT_NEAR(CompareSamples(men, women).p, 14.0 / 126, 1e-12);
  EXPECT_NEAR(CompareSamples(men, women, RankMethod::kNormal).p, 0.111346886533, 1e-9);
  EXPECT_DOUBLE_EQ(CompareSamples(men, women).effect, 3.0 / 20);
  EXPECT_DOUBLE_EQ(CompareSamples(women, men).effect, 17.0 / 20);
}

TEST(MannWhitney, OfSamplesApartIsTheLeastPossible) {
  const auto apart = CompareSamples({1, 2, 3, 4, 5}, {6, 7, 8, 9, 10});
  EXPECT_NEAR(apart.p, 2.0 / 252, 1e-12);
  EXPECT_DOUBLE_EQ(apart.effect, 1);
  EXPECT_DOUBLE_EQ(LeastP(5, 5), apart.p);
  EXPECT_NEAR(LeastP(3, 3), 0.1, 1e-12);  // three and three can prove nothing
  EXPECT_LT(LeastP(100, 100), 1e-20);
}

TEST(MannWhitney, AgreesWithTheDefinition) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    std::uniform_int_distribution<int> value(0, round % 3 == 0 ? 3 : 100);  // few values: many ties
    const auto a = Draw(1 + random() % 5, [&] { return value(random); });
    const auto b = Draw(1 + random() % 5, [&] { return value(random); });
    EXPECT_NEAR(CompareSamples(a, b).p, OracleP(a, b), 1e-9) << "round " << round;
  }
}

TEST(MannWhitney, IsTheSameBothWays) {
  std::mt19937_64 random(11);
  std::uniform_int_distribution<int> value(0, 20);
  for (const std::size_t n : {4u, 60u}) {
    const auto a = Draw(n, [&] { return value(random); });
    const auto b = Draw(n + 3, [&] { return value(random); });
    EXPECT_NEAR(CompareSamples(a, b).p, CompareSamples(b, a).p, 1e-9);
    EXPECT_NEAR(CompareSamples(a, b).effect, 1 - CompareSamples(b, a).effect, 1e-9);
  }
}

TEST(MannWhitney, ApproximatesWellWhereBothAreKnown) {
  std::mt19937_64 random(13);
  std::uniform_int_distribution<int> value(0, 30);  // with ties
  for (int round = 0; round < 20; ++round) {
    const auto a = Draw(25, [&] { return value(random); });
    const auto b = Draw(25, [&] { return value(random) + round / 2; });
    EXPECT_NEAR(CompareSamples(a, b, RankMethod::kNormal).p,
                CompareSamples(a, b, RankMethod::kExact).p, 0.01);
  }
}

TEST(MannWhitney, OfEqualsIsNoDifference) {
  EXPECT_DOUBLE_EQ(CompareSamples({3, 3, 3}, {3, 3, 3}).p, 1);
  EXPECT_DOUBLE_EQ(CompareSamples({3, 3, 3}, {3, 3, 3}).effect, 0.5);
  const std::vector<double> many(100, 3.0);
  EXPECT_DOUBLE_EQ(CompareSamples(many, many).p, 1);
  EXPECT_DOUBLE_EQ(CompareSamples({}, {1}).p, 1);
}

TEST(MannWhitney, CriesWolfAsOftenAsItSays) {
  std::mt19937_64 random(17);
  std::lognormal_distribution<double> noise(0, 1);
  int alarms = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto a = Draw(8, [&] { return noise(random); });
    const auto b = Draw(8, [&] { return noise(random); });
    alarms += CompareSamples(a, b).p < 0.05;
  }
  EXPECT_LE(alarms, 130);  // 100 are expected at most, +3 sigma
  EXPECT_GE(alarms, 50);   // ranks are few: somewhat below
}

}  // namespace
}  // namespace touchstone::soak
