// A time that a rule says: fixed, or drawn each time it is needed. Plain value.
#pragma once

#include <chrono>
#include <cstdint>

#include "fault-injection/provider/draw.h"

namespace touchstone::provider {

struct Wait {
  std::int64_t low_ms = 0;  // fixed: both are the same
  std::int64_t high_ms = 0;
  double median_ms = 0;  // not 0: lognormal, at most high_ms
  double sigma = 0;

  Wait() = default;
  Wait(std::int64_t fixed_ms) : low_ms(fixed_ms), high_ms(fixed_ms) {}  // NOLINT: a time as it is

  bool none() const { return high_ms == 0; }
  // To the microsecond; 0 to high_ms.
  std::chrono::microseconds Draw(Draws& draws) const;

  bool operator==(const Wait&) const = default;
};

}  // namespace touchstone::provider
