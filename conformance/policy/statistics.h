// How much a count proves. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/report/gating.h"
#include "conformance/run/result.h"

namespace touchstone {

// The exact one-sided upper bound of a failure rate (Clopper and Pearson): had the rate been this
// high, so few failures in `total` would be seen with probability 1 - confidence. 1 when nothing
// was tried. It holds for tries that are alike and independent; the tries of one host on one
// machine are so only roughly.
double FailureRateBelow(std::int64_t total, std::int64_t failures, double confidence = 0.95);

// "1000 of 1000 requests in mode S answered right: failure rate below 0.30 % (95 %, exact
// Clopper–Pearson; rule of three: 3/1000)". Rounded up to two digits, so that it claims no more
// than is known.
Statistic StatisticOf(const CheckResult& result, const Counted& counted);

// One for each result that counted something.
std::vector<Statistic> StatisticsOf(const std::vector<CheckResult>& results);

}  // namespace touchstone
