#include "soak/stats/lives.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

namespace touchstone::soak {
namespace {

constexpr std::size_t kFewest = 8, kMany = 48;

double Median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Of a sample, ties sharing their mean rank.
std::vector<double> Ranks(const std::vector<double>& values) {
  std::map<double, std::pair<double, double>> places;  // of a value: sum of ranks, count
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    auto& [sum, count] = places[sorted[i]];
    sum += static_cast<double>(i);
    ++count;
  }
  std::vector<double> ranks;
  for (double value : values) ranks.push_back(places[value].first / places[value].second);
  return ranks;
}

struct Kendall {
  double s = 0, variance = 0;
};

// With the correction for ties.
Kendall KendallOf(const std::vector<Point>& series) {
  const auto n = static_cast<double>(series.size());
  Kendall kendall;
  std::map<double, double> ties;
  for (std::size_t i = 0; i < series.size(); ++i) {
    ++ties[series[i].value];
    for (std::size_t j = i + 1; j < series.size(); ++j) {
      kendall.s += series[j].value > series[i].value   ? 1
                   : series[j].value < series[i].value ? -1
                                                       : 0;
    }
  }
  kendall.variance = n * (n - 1) * (2 * n + 5);
  for (const auto& [value, count] : ties) kendall.variance -= count * (count - 1) * (2 * count + 5);
  kendall.variance = std::max(0.0, kendall.variance / 18);
  return kendall;
}

double PValue(double s, double variance) {
  if (variance <= 0) return 1;
  const double corrected = s > 0 ? s - 1 : s < 0 ? s + 1 : 0;
  return 0.5 * std::erfc(corrected / std::sqrt(2 * variance));
}

// rho[k]: how much ranks k windows apart go together once the trend is out, over all lives.
std::vector<double> Autocorrelation(const Lives& lives, double slope) {
  std::vector<double> sums;
  double squares = 0;
  for (const auto& series : lives) {
    std::vector<double> rest;
    for (const auto& point : series) rest.push_back(point.value - slope * point.at);
    const auto ranks = Ranks(rest);
    const double mean = (static_cast<double>(ranks.size()) - 1) / 2;
    if (sums.size() < ranks.size()) sums.resize(ranks.size());
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      squares += (ranks[i] - mean) * (ranks[i] - mean);
      for (std::size_t k = 1; i + k < ranks.size(); ++k)
        sums[k] += (ranks[i] - mean) * (ranks[i + k] - mean);
    }
  }
  if (squares <= 0) return {};
  for (double& sum : sums) sum /= squares;
  return sums;
}

// By how much autocorrelation enlarges the variance of Kendall's S of a series of n points.
double Enlargement(const std::vector<double>& rho, double n, double all_points) {
  const double significant = 1.645 / std::sqrt(all_points);
  double sum = 0;
  for (std::size_t k = 1; k < rho.size() && static_cast<double>(k) < n - 2; ++k) {
    if (rho[k] < significant) break;  // beyond the first lag without, all is noise
    const double rest = n - static_cast<double>(k);
    sum += rest * (rest - 1) * (rest - 2) * rho[k];
  }
  return 1 + 2 * sum / (n * (n - 1) * (n - 2));
}

std::vector<double> PairSlopes(const Lives& lives) {
  std::vector<double> slopes;
  for (const auto& series : lives) {
    for (std::size_t i = 0; i < series.size(); ++i) {
      for (std::size_t j = i + 1; j < series.size(); ++j) {
        const double apart = series[j].at - series[i].at;
        if (apart > 0) slopes.push_back((series[j].value - series[i].value) / apart);
      }
    }
  }
  return slopes;
}

// Sen's bound: as many pairs lie beyond it as chance may turn round.
double UpperBound(std::vector<double>& slopes, double variance) {
  constexpr double kOneSided95 = 1.645;
  const auto n = static_cast<double>(slopes.size());
  const double rank = (n + kOneSided95 * std::sqrt(variance)) / 2;
  const auto place = static_cast<std::size_t>(std::clamp(std::ceil(rank), 0.0, n - 1));
  const auto at = slopes.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(slopes.begin(), at, slopes.end());
  return *at;
}

}  // namespace

std::vector<Point> WindowMedians(const std::vector<Point>& series, double about_s) {
  std::vector<Point> medians;
  if (series.empty()) return medians;
  const double begin = series.front().at, span = series.back().at - begin;
  const double count = std::max(1.0, std::round(span / about_s));
  const auto window_of = [&](const Point& point) {
    return span > 0 ? std::min(count - 1, std::floor((point.at - begin) / span * count)) : 0;
  };
  for (std::size_t i = 0; i < series.size();) {
    const double window = window_of(series[i]), first = series[i].at;
    std::vector<double> values;
    double last = first;
    for (; i < series.size() && window_of(series[i]) == window; ++i) {
      values.push_back(series[i].value);
      last = series[i].at;
    }
    medians.push_back({(first + last) / 2, Median(values)});
  }
  return medians;
}

namespace {

// One cut of at most so many points; of equally good ones the first.
std::size_t CutOff(std::span<const Point> series, std::size_t most) {
  const double gain = series.size() < kMany ? 0.2 : 0.4;
  std::vector<double> errors(most + 1);  // by cut: the squared error of the mean of the rest
  double sum = 0, squares = 0;
  // From the end, so that the sums of the rest are at hand; offset by the last value, so that
  // squares stay small.
  const double offset = series.back().value;
  for (std::size_t cut = series.size(); cut-- > 0;) {
    const double value = series[cut].value - offset;
    sum += value;
    squares += value * value;
    const auto n = static_cast<double>(series.size() - cut);
    if (cut <= most) errors[cut] = std::max(0.0, squares - sum * sum / n) / (n * n);
  }
  const auto least = std::min_element(errors.begin(), errors.end());
  return *least < gain * errors[0] ? static_cast<std::size_t>(least - errors.begin()) : 0;
}

}  // namespace

std::size_t WarmUp(const std::vector<Point>& series) {
  if (series.size() < kFewest) return 0;
  // Again and again: what was small beside a steep begin shows once that is gone.
  std::size_t cut = 0;
  while (true) {
    const auto more = CutOff(std::span(series).subspan(cut), series.size() / 2 - cut);
    if (more == 0) return cut;
    cut += more;
  }
}

Rise FindRise(const Lives& lives) {
  Rise rise;
  auto slopes = PairSlopes(lives);
  if (slopes.empty()) return rise;
  rise.slope = Median(slopes);
  for (const auto& series : lives) rise.points += static_cast<int>(series.size());
  const auto rho = Autocorrelation(lives, rise.slope);
  double s = 0, variance = 0;
  for (const auto& series : lives) {
    if (series.size() < 2) continue;
    const auto kendall = KendallOf(series);
    const auto n = static_cast<double>(series.size());
    s += kendall.s;
    variance += kendall.variance * (n > 3 ? Enlargement(rho, n, rise.points) : 1);
  }
  rise.highest_slope = UpperBound(slopes, variance);
  if (rise.points >= static_cast<int>(kFewest)) rise.p = PValue(s, variance);
  return rise;
}

double PlainMannKendall(const Lives& lives) {
  double s = 0, variance = 0;
  std::size_t points = 0;
  for (const auto& series : lives) {
    const auto kendall = KendallOf(series);
    s += kendall.s;
    variance += kendall.variance;
    points += series.size();
  }
  return points < kFewest ? 1 : PValue(s, variance);
}

}  // namespace touchstone::soak
