// Does a series rise? Two answers that a few outliers do not sway, for LOAD-02 and LOAD-04: how
// fast (Theil–Sen), and could it be chance (Mann–Kendall). Pure functions of values.
//
// Both compare all pairs: thin out a long series first; a thousand points take milliseconds.
#pragma once

#include <string>
#include <vector>

namespace touchstone::soak {

struct Point {
  double at = 0;  // seconds
  double value = 0;
};

// The median of the slopes of all pairs of points, per second; 0 when there is no pair.
double TheilSenSlope(const std::vector<Point>& series);

// The probability that a series without trend would rise at least as clearly, by the normal
// approximation with the correction for ties: small for a rising series, near 1 for a falling one.
// 1 when there are fewer than 8 points.
double MannKendallRise(const std::vector<Point>& series);

// The contract's judgement: a rise that is beyond the tolerance, and that is no chance (p < 0.01).
bool RisesBeyond(const std::vector<Point>& series, double tolerance_per_second);

// "rises by 3.2 per second (p = 0.001)".
std::string DescribeTrend(const std::vector<Point>& series);

}  // namespace touchstone::soak
