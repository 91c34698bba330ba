#include "fault-injection/provider/wait.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace touchstone::provider {

std::chrono::microseconds Wait::Draw(Draws& draws) const {
  double ms = static_cast<double>(low_ms);
  if (median_ms > 0) {
    // Box and Muller; the logarithm needs more than 0.
    const double radius = std::sqrt(-2 * std::log(1 - draws.NextUnit()));
    const double normal = radius * std::cos(2 * std::numbers::pi * draws.NextUnit());
    ms = std::min(median_ms * std::exp(sigma * normal), static_cast<double>(high_ms));
  } else if (low_ms != high_ms) {
    ms += static_cast<double>(high_ms - low_ms) * draws.NextUnit();
  }
  return std::chrono::microseconds(std::llround(ms * 1000));
}

}  // namespace touchstone::provider
