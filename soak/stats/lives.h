// Series of the lives of a process: a restart begins a new one, with a warm-up of its own, and
// values of different lives are never compared. Pure functions.
#pragma once

#include <vector>

#include "soak/stats/trend.h"

namespace touchstone::soak {

// One series per life, each in order of time.
using Lives = std::vector<std::vector<Point>>;

// The series cut into windows of the same length, about this long: of each the middle of its
// points' times and the median of their values. A window without points is left out.
std::vector<Point> WindowMedians(const std::vector<Point>& series, double about_s);

// How many points from the begin are warm-up, found by MSER, the marginal standard error rule
// (K. P. White, Simulation 69(6), 1997): the cut after which the mean of the rest is known best,
// where dropping points pays if they lie far from the rest. At most half of the series is dropped,
// and none unless the squared error falls to 0.4 of what it was (0.2 for fewer than 48 points):
// dropping half of a straight line brings it to 0.5, and a leak is no warm-up. Repeated, as what
// was small beside a steep begin shows once that is gone. 0 when there are fewer than 8 points.
std::size_t WarmUp(const std::vector<Point>& series);

// Each point compared with each later one of the same life.
struct Rise {
  double slope = 0;  // per second: the median of all pairs' (Theil–Sen); 0 when there is no pair
  double highest_slope = 0;  // the upper bound of the slope, 95 % one-sided (Sen, JASA 1968)
  double p = 1;              // of Mann–Kendall, one-sided: small for a rise that is no chance
  int points = 0;
};

// Mann–Kendall's statistics of the lives add up (the seasonal Kendall test; Hirsch and Slack,
// 1984). Neighbouring values that go together make chance look like a trend: the variance is
// enlarged as Hamed and Rao (J. Hydrology 204, 1998) do, by the autocorrelation of the ranks after
// the trend was taken out; it is never made smaller. p is 1 for fewer than 8 points.
Rise FindRise(const Lives& lives);

// For comparison: the same with no correction for autocorrelation.
double PlainMannKendall(const Lives& lives);

}  // namespace touchstone::soak
