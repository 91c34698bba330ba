#include "conformance/policy/statistics.h"

#include <fmt/format.h>

#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace touchstone {
namespace {

// Two significant digits, never less than the value.
std::string PercentRoundedUp(double rate) {
  const double percent = rate * 100;
  if (percent >= 100) return "100 %";
  const int digits = std::max(0, 1 - static_cast<int>(std::floor(std::log10(percent))));
  const double scale = std::pow(10.0, digits);
  // What is a whole number but for rounding errors is not rounded up.
  return fmt::format("{:.{}f} %", std::ceil(percent * scale - 1e-9) / scale, digits);
}

}  // namespace

double FailureRateBelow(std::int64_t total, std::int64_t failures, double confidence) {
  if (total <= 0 || failures >= total) return 1;
  return boost::math::binomial_distribution<>::find_upper_bound_on_p(
      static_cast<double>(total), static_cast<double>(failures), 1 - confidence);
}

Statistic StatisticOf(const CheckResult& result, const Counted& counted) {
  Statistic statistic{{},           result.check,  std::string(ToString(result.mode)),
                      counted.what, counted.total, counted.right};
  const auto failures = counted.total - counted.right;
  statistic.below = FailureRateBelow(counted.total, failures, statistic.confidence);
  statistic.text = fmt::format(
      "{} of {} {} in mode {} answered right: failure rate below {} (95 %, exact "
      "Clopper–Pearson{})",
      counted.right, counted.total, counted.what, statistic.mode, PercentRoundedUp(statistic.below),
      failures == 0 ? fmt::format("; rule of three: 3/{}", counted.total) : "");
  return statistic;
}

std::vector<Statistic> StatisticsOf(const std::vector<CheckResult>& results) {
  std::vector<Statistic> list;
  for (const CheckResult& result : results) {
    if (const auto& counted = result.judgement.counted; counted && counted->total > 0)
      list.push_back(StatisticOf(result, *counted));
  }
  return list;
}

}  // namespace touchstone
