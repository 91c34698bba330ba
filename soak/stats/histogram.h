// Latencies of any number of requests in a few KiB: buckets whose width grows with the value, so
// that a percentile is at most 1 % off (the mapping of DDSketch, Masson et al., VLDB 2019). From
// 1 us to 24 h; what lies beyond counts as that. Minimum and maximum are exact.
//
// A plain value. One thread at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "soak/summary/summary.h"

namespace touchstone::soak {

class LatencyHistogram {
 public:
  void Add(double ms);
  // As if all that the other holds had been added here.
  void Merge(const LatencyHistogram& other);
  void Clear() { *this = {}; }

  std::int64_t count() const { return count_; }
  double max_ms() const { return max_ms_; }
  // Nearest rank, p in 0..1; at most 1 % off, never above the maximum or below the minimum. 0 when
  // nothing was added.
  double Percentile(double p) const;
  Latency Percentiles() const;  // p50, p90, p99, max

  // The buckets that hold something, by rising number: for a record. What is read back has the same
  // percentiles, if minimum and maximum come with them.
  std::vector<std::pair<int, std::int64_t>> Buckets() const;
  // False, and nothing added, for a bucket that cannot be.
  bool AddBucket(int bucket, std::int64_t count);
  // After AddBucket(): the exact ends.
  void SetRange(double min_ms, double max_ms);
  double min_ms() const { return count_ ? min_ms_ : 0; }

 private:
  void AddCount(int bucket, std::int64_t count);

  std::int64_t count_ = 0;
  double min_ms_ = 0, max_ms_ = 0;
  int first_ = 0;                     // the bucket of counts_[0]
  std::vector<std::int64_t> counts_;  // grows at both ends; at most some 1300
};

}  // namespace touchstone::soak
