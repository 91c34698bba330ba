// How often the trend test is wrong: it is shown synthetic RSS series whose truth is known, many
// times. Deterministic from the seed. `soak-power-study` prints the table of docs/soak.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "soak/stats/lives.h"

namespace touchstone::soak {

// RSS in KiB over time: a shape, and noise upon it.
struct Synthetic {
  std::string name;
  bool leaks = false;
  double length_s = 1800;
  // Of the share of the length that has passed, and of the seconds: what is added to the base.
  std::function<double(double share, double seconds)> shape;
  double noise_kib = 40;     // standard deviation
  double correlation_s = 0;  // noise forgets itself in this time (AR(1)); 0: white
  int restarts = 0;          // at even distances; each begins with the shape anew
};

std::vector<Synthetic> StudiedSeries(double length_s);

Lives Generate(const Synthetic& synthetic, std::uint64_t seed);

// The share of series that were called a rise.
struct Rates {
  double plain_raw = 0;      // Mann–Kendall of samples as they are
  double plain_medians = 0;  // of window medians
  double corrected = 0;      // … with the variance enlarged
  double judged = 0;         // by JudgeGauge: with warm-up, slope and tolerance
};
Rates Study(const Synthetic& synthetic, int repetitions, std::uint64_t seed);
// Rates::judged alone, which is cheaper.
double ShareJudged(const Synthetic& synthetic, int repetitions, std::uint64_t seed);

}  // namespace touchstone::soak
