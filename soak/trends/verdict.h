// The judgement of a whole soak: its trends (LOAD-02, LOAD-04), its failures, and whether it was as
// long as asked. Pure functions of what was recorded. docs/soak.md explains the statistics.
#pragma once

#include "soak/record/record_reader.h"
#include "soak/summary/summary.h"

namespace touchstone::soak {

// The rise that a good host may show, and how much must be known to judge one. A rise is one when
// it is faster than tolerated, larger over what was judged than the least that counts, and no
// chance.
struct TrendLimits {
  double rss_kib_per_hour = 64, rss_least_kib = 32;
  double descriptors_per_hour = 0.5, threads_per_hour = 0.5, children_per_hour = 0.5;
  double count_least = 1;                                  // of descriptors, threads, children
  double latency_ms_per_hour = 1, latency_least_ms = 0.2;  // of a window's median
  double significance = 0.01;  // of Mann–Kendall: a rise is no chance below this
  int fewest_points = 12;      // window medians after the warm-up
  // Shorter windows have too few samples for a median; less is for soaks that sample more often.
  double shortest_window_s = 5;
  bool operator==(const TrendLimits&) const = default;
};

// Fills in `trends` of the host (and of the reference), then `verdict` and `reason`:
//   fail         a failure was recorded, or something rises
//   not judged   shorter than asked, ended early, nothing was answered, too few points for a trend
//   pass         otherwise
void JudgeSoak(Recorded& recorded, const TrendLimits& limits);

}  // namespace touchstone::soak
