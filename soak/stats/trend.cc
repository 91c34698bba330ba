#include "soak/stats/trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace touchstone::soak {
namespace {

constexpr double kSignificance = 0.01;
constexpr std::size_t kFewest = 8;  // below, the normal approximation says nothing

}  // namespace

double TheilSenSlope(const std::vector<Point>& series) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < series.size(); ++i) {
    for (std::size_t j = i + 1; j < series.size(); ++j) {
      const double apart = series[j].at - series[i].at;
      if (apart != 0) slopes.push_back((series[j].value - series[i].value) / apart);
    }
  }
  if (slopes.empty()) return 0;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  if (slopes.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(slopes.begin(), middle)) / 2;
}

double MannKendallRise(const std::vector<Point>& series) {
  const auto n = static_cast<double>(series.size());
  if (series.size() < kFewest) return 1;
  double rises = 0;  // pairs that rise less those that fall
  std::map<double, double> ties;
  for (std::size_t i = 0; i < series.size(); ++i) {
    ++ties[series[i].value];
    for (std::size_t j = i + 1; j < series.size(); ++j) {
      rises += series[j].value > series[i].value ? 1 : series[j].value < series[i].value ? -1 : 0;
    }
  }
  double variance = n * (n - 1) * (2 * n + 5);
  for (const auto& [value, count] : ties) variance -= count * (count - 1) * (2 * count + 5);
  variance /= 18;
  if (variance <= 0) return 1;  // all values are the same
  const double corrected = rises > 0 ? rises - 1 : rises < 0 ? rises + 1 : 0;
  return 0.5 * std::erfc(corrected / std::sqrt(2 * variance));
}

bool RisesBeyond(const std::vector<Point>& series, double tolerance_per_second) {
  return TheilSenSlope(series) > tolerance_per_second && MannKendallRise(series) < kSignificance;
}

std::string DescribeTrend(const std::vector<Point>& series) {
  return fmt::format("rises by {:.3g} per second (p = {:.2g})", TheilSenSlope(series),
                     MannKendallRise(series));
}

}  // namespace touchstone::soak
