// soak-power-study [REPETITIONS]: prints how often the trend test is right on series whose truth is
// known, as the table of docs/soak.md.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "soak/trends/power_study.h"

int main(int argc, char** argv) {
  using namespace touchstone::soak;
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 1000;
  if (repetitions < 1) {
    fmt::print(stderr, "usage: soak-power-study [REPETITIONS], a number from 1 on\n");
    return 2;
  }
  for (const double minutes : {10.0, 30.0, 24 * 60.0}) {
    fmt::print("| {:g} min, {} series each | samples | medians | corrected | judged |\n", minutes,
               repetitions);
    fmt::print("|---|---|---|---|---|\n");
    for (const auto& synthetic : StudiedSeries(minutes * 60)) {
      const auto rates = Study(synthetic, repetitions, 1);
      fmt::print("| {} | {:.1f} % | {:.1f} % | {:.1f} % | **{:.1f} %** |\n", synthetic.name,
                 rates.plain_raw * 100, rates.plain_medians * 100, rates.corrected * 100,
                 rates.judged * 100);
      std::fflush(stdout);
    }
    fmt::print("\n");
  }
}
