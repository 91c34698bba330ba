#include "soak/stats/percentile.h"

#include <algorithm>
#include <cmath>

namespace touchstone::soak {

double Percentile(std::vector<double> sample, double p) {
  if (sample.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sample.size())));
  const auto index = std::min(sample.size() - 1, rank == 0 ? 0 : rank - 1);
  std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(index),
                   sample.end());
  return sample[index];
}

}  // namespace touchstone::soak
