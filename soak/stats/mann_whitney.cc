#include "soak/stats/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace touchstone::soak {
namespace {

constexpr std::size_t kExactUpTo = 50;  // C(50, 25) is an integer that a double holds

struct Ranks {
  // Twice the ranks, so that the mean rank of ties is an integer; `a`'s values first.
  std::vector<int> doubled;
  double tie_term = 0;  // sum of t³ - t over groups of t equal values
};

Ranks RanksOf(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> pooled(a);
  pooled.insert(pooled.end(), b.begin(), b.end());
  std::vector<std::size_t> order(pooled.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return pooled[i] < pooled[j]; });
  Ranks ranks{std::vector<int>(pooled.size()), 0};
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && pooled[order[to]] == pooled[order[from]]) ++to;
    for (std::size_t i = from; i < to; ++i)
      ranks.doubled[order[i]] = static_cast<int>(from + 1 + to);
    const auto ties = static_cast<double>(to - from);
    ranks.tie_term += ties * ties * ties - ties;
  }
  return ranks;
}

// How many of the choices of `n` ranks have a sum at least as far from its mean as `sum` has.
double ExactP(const std::vector<int>& doubled, std::size_t n, int sum) {
  const int total = std::accumulate(doubled.begin(), doubled.end(), 0);
  const auto width = static_cast<std::size_t>(total) + 1;
  std::vector<std::vector<double>> ways(n + 1, std::vector<double>(width, 0));
  ways[0][0] = 1;
  for (const int rank : doubled) {
    const auto step = static_cast<std::size_t>(rank);
    for (std::size_t chosen = n; chosen > 0; --chosen)
      for (std::size_t s = width - 1; s >= step; --s) ways[chosen][s] += ways[chosen - 1][s - step];
  }
  // Distances times N, to stay with integers: the mean of the sum is n * total / N.
  const auto distance = [&](std::size_t s) {
    return std::abs(static_cast<long>(s * doubled.size()) - static_cast<long>(n) * total);
  };
  const long observed = distance(static_cast<std::size_t>(sum));
  double as_far = 0, all = 0;
  for (std::size_t s = 0; s < width; ++s) {
    all += ways[n][s];
    if (distance(s) >= observed) as_far += ways[n][s];
  }
  return as_far / all;
}

double NormalP(double n, double m, double u, double tie_term) {
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - tie_term / (all * (all - 1)));
  if (variance <= 0) return 1;  // all values are the same
  const double apart = std::max(0.0, std::abs(u - n * m / 2) - 0.5);
  return std::erfc(apart / std::sqrt(2 * variance));
}

}  // namespace

MannWhitney CompareSamples(const std::vector<double>& a, const std::vector<double>& b,
                           RankMethod method) {
  if (a.empty() || b.empty()) return {};
  const Ranks ranks = RanksOf(a, b);
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  const int sum = std::accumulate(ranks.doubled.begin(),
                                  ranks.doubled.begin() + static_cast<std::ptrdiff_t>(a.size()), 0);
  const double above = sum / 2.0 - n * (n + 1) / 2;  // pairs in which a's value is above b's
  const bool exact = method == RankMethod::kExact ||
                     (method == RankMethod::kBySize && a.size() + b.size() <= kExactUpTo);
  return {exact ? ExactP(ranks.doubled, a.size(), sum) : NormalP(n, m, above, ranks.tie_term),
          1 - above / (n * m)};
}

double LeastP(std::size_t a, std::size_t b) {
  std::vector<double> low(a, 0), high(b, 0);
  std::iota(low.begin(), low.end(), 0);
  std::iota(high.begin(), high.end(), static_cast<double>(a));
  return CompareSamples(low, high).p;
}

}  // namespace touchstone::soak
