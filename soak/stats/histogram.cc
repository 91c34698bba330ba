#include "soak/stats/histogram.h"

#include <algorithm>
#include <cmath>

namespace touchstone::soak {
namespace {

constexpr double kError = 0.01;
constexpr double kGrowth = (1 + kError) / (1 - kError);  // from a bucket's end to the next one's
constexpr double kLeastMs = 0.001, kMostMs = 24 * 3600 * 1000.0;

// Bucket b holds (kLeastMs * kGrowth^(b-1), kLeastMs * kGrowth^b]; 0 what is not above kLeastMs.
int BucketOf(double ms) {
  if (!(ms > kLeastMs)) return 0;
  return static_cast<int>(
      std::ceil(std::log(std::min(ms, kMostMs) / kLeastMs) / std::log(kGrowth)));
}

// Whose error is the same at both ends of the bucket.
double Middle(int bucket) {
  if (bucket == 0) return kLeastMs;
  return kLeastMs * std::pow(kGrowth, bucket) * 2 / (1 + kGrowth);
}

}  // namespace

void LatencyHistogram::AddCount(int bucket, std::int64_t count) {
  if (counts_.empty()) first_ = bucket;
  if (bucket < first_) {
    counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - bucket), 0);
    first_ = bucket;
  }
  const auto place = static_cast<std::size_t>(bucket - first_);
  if (place >= counts_.size()) counts_.resize(place + 1);
  counts_[place] += count;
  count_ += count;
}

void LatencyHistogram::Add(double ms) {
  ms = std::max(ms, 0.0);
  min_ms_ = count_ == 0 ? ms : std::min(min_ms_, ms);
  max_ms_ = std::max(max_ms_, ms);
  AddCount(BucketOf(ms), 1);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  if (other.count_ == 0) return;
  min_ms_ = count_ == 0 ? other.min_ms_ : std::min(min_ms_, other.min_ms_);
  max_ms_ = std::max(max_ms_, other.max_ms_);
  for (const auto& [bucket, count] : other.Buckets()) AddCount(bucket, count);
}

double LatencyHistogram::Percentile(double p) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::int64_t>(std::ceil(p * static_cast<double>(count_)));
  const auto rank = std::clamp<std::int64_t>(wanted, 1, count_);
  if (rank == 1) return min_ms_;
  if (rank == count_) return max_ms_;
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::clamp(Middle(first_ + static_cast<int>(i)), min_ms_, max_ms_);
  }
  return max_ms_;
}

Latency LatencyHistogram::Percentiles() const {
  return {Percentile(0.5), Percentile(0.9), Percentile(0.99), max_ms()};
}

std::vector<std::pair<int, std::int64_t>> LatencyHistogram::Buckets() const {
  std::vector<std::pair<int, std::int64_t>> buckets;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) buckets.emplace_back(first_ + static_cast<int>(i), counts_[i]);
  }
  return buckets;
}

bool LatencyHistogram::AddBucket(int bucket, std::int64_t count) {
  if (bucket < 0 || bucket > BucketOf(kMostMs) || count < 0) return false;
  if (count > 0) AddCount(bucket, count);
  return true;
}

void LatencyHistogram::SetRange(double min_ms, double max_ms) {
  min_ms_ = min_ms;
  max_ms_ = max_ms;
}

}  // namespace touchstone::soak
