#include "soak/stats/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "soak/stats/percentile.h"

namespace touchstone::soak {
namespace {

LatencyHistogram Of(const std::vector<double>& sample) {
  LatencyHistogram histogram;
  for (double ms : sample) histogram.Add(ms);
  return histogram;
}

void ExpectSame(const LatencyHistogram& a, const LatencyHistogram& b) {
  EXPECT_EQ(a.count(), b.count());
  EXPECT_EQ(a.Buckets(), b.Buckets());
  for (double p : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    EXPECT_EQ(a.Percentile(p), b.Percentile(p)) << p;
  }
}

TEST(LatencyHistogram, OfNothingIsZero) {
  EXPECT_EQ(LatencyHistogram().Percentile(0.5), 0);
  EXPECT_EQ(LatencyHistogram().max_ms(), 0);
  EXPECT_EQ(LatencyHistogram().min_ms(), 0);
}

// The exact order statistics are the oracle.
TEST(LatencyHistogram, PercentilesAreWithinOnePercent) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> typical(0.5, 1.5), wide(3, 4);
  std::uniform_real_distribution<double> even(0.002, 5000);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> sample;
    for (int i = 0; i < 3000; ++i) {
      sample.push_back(round % 3 == 0   ? typical(random)
                       : round % 3 == 1 ? wide(random)
                                        : even(random));
      sample.back() = std::clamp(sample.back(), 0.002, 8.64e7);
    }
    const auto histogram = Of(sample);
    for (double p : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
      const double exact = Percentile(sample, p);
      EXPECT_NEAR(histogram.Percentile(p), exact, exact * 0.0101) << "p" << p << " of " << round;
    }
    EXPECT_EQ(histogram.max_ms(), Percentile(sample, 1));
    EXPECT_EQ(histogram.Percentile(1), Percentile(sample, 1));
    EXPECT_EQ(histogram.Percentile(0), Percentile(sample, 0));
  }
}

TEST(LatencyHistogram, IsNeverBeyondWhatWasSeen) {
  const auto histogram = Of({3, 3, 3});
  EXPECT_EQ(histogram.Percentile(0.5), 3);
}

TEST(LatencyHistogram, MemoryIsBounded) {
  LatencyHistogram histogram;
  for (double ms = 1e-9; ms < 1e15; ms *= 1.001) histogram.Add(ms);
  histogram.Add(-5);
  histogram.Add(0);
  EXPECT_LE(histogram.Buckets().size(), 1300u);
  EXPECT_EQ(histogram.Buckets().front().first, 0);
  EXPECT_EQ(histogram.min_ms(), 0);
}

TEST(LatencyHistogram, MergedIsAsIfAllHadBeenAddedToOne) {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> noise(1, 2);
  LatencyHistogram left, right, all;
  for (int i = 0; i < 2000; ++i) {
    const double ms = noise(random);
    (i % 3 ? left : right).Add(ms);
    all.Add(ms);
  }
  left.Merge(right);
  ExpectSame(left, all);
  left.Merge(LatencyHistogram());
  ExpectSame(left, all);
  LatencyHistogram empty;
  empty.Merge(all);
  ExpectSame(empty, all);
}

TEST(LatencyHistogram, IsReadBackFromItsBuckets) {
  const auto histogram = Of({0.4, 1, 2, 2, 70, 3000});
  LatencyHistogram read;
  for (const auto& [bucket, count] : histogram.Buckets())
    EXPECT_TRUE(read.AddBucket(bucket, count));
  read.SetRange(histogram.min_ms(), histogram.max_ms());
  ExpectSame(read, histogram);
}

TEST(LatencyHistogram, RefusesBucketsThatCannotBe) {
  LatencyHistogram histogram;
  EXPECT_FALSE(histogram.AddBucket(-1, 1));
  EXPECT_FALSE(histogram.AddBucket(1'000'000, 1));
  EXPECT_FALSE(histogram.AddBucket(5, -1));
  EXPECT_EQ(histogram.count(), 0);
}

}  // namespace
}  // namespace touchstone::soak
