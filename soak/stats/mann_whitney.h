// Do two samples come from the same distribution? Mann and Whitney's U test: it compares ranks, so
// that one outlier, or a distribution that is not normal (no timing is), cannot sway it. Pure
// functions of values.
#pragma once

#include <vector>

namespace touchstone::soak {

struct MannWhitney {
  // Two-sided: the probability that two samples of one distribution would be at least as far
  // apart. 1 when a sample is empty.
  double p = 1;
  // The common-language effect size: how often a value drawn from `b` is above one drawn from `a`,
  // ties counted as half. 0.5: as often above as below.
  double effect = 0.5;
};

// kExact counts all ways in which the pooled ranks (ties have their mean) fall into two samples of
// these sizes. kNormal is the approximation with corrections for ties and continuity. kBySize is
// exact up to 50 values in all, which takes some milliseconds at most.
enum class RankMethod { kBySize, kExact, kNormal };

MannWhitney CompareSamples(const std::vector<double>& a, const std::vector<double>& b,
                           RankMethod method = RankMethod::kBySize);

// The least p that samples of these sizes can come to, when all of one are above all of the other:
// with it a test can tell "no difference" from "too few to see one".
double LeastP(std::size_t a, std::size_t b);

}  // namespace touchstone::soak
