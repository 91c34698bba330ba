// One measured thing of a soaked host, and whether it rises. Pure.
#pragma once

#include <string>

#include "soak/stats/lives.h"
#include "soak/summary/summary.h"

namespace touchstone::soak {

struct GaugeLimits {
  double per_hour = 0;  // the slope that is tolerated
  double least = 0;     // the rise, over what was judged, that counts at least
  double significance = 0.01;
  int fewest_points = 12;
  double shortest_window_s = 5;
};

// Finds the warm-up of each life, cuts the rest into windows and judges their medians. The row has
// all but `requirement`, `what` and `unit`; its message says what rises ("rises by 500 KiB/h …"),
// how much can be ruled out, or why it is not judged.
TrendRow JudgeGauge(const Lives& raw, const std::string& unit, const GaugeLimits& limits);

// The window medians after the warm-up, by which it is judged. Lives of less than eight of the
// shortest windows are left out: they are all warm-up.
struct Judged {
  Lives lives;
  int too_short = 0;       // lives that were left out
  double warm_up_s = 0;  // of the life that took longest
  double window_s = 0;
  double longest_s = 0;  // that a life was judged over
};
Judged AfterWarmUp(const Lives& raw, double shortest_window_s = GaugeLimits().shortest_window_s);

}  // namespace touchstone::soak
