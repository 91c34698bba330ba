#include "conformance/run/timing_rule.h"

#include <fmt/format.h>

namespace touchstone {
namespace {

constexpr int kTrials = 5, kMostAttempts = 12;
constexpr auto kMostLag = std::chrono::milliseconds(10);

}  // namespace

Judgement JudgeByTimingRule(const LagGauge& lag, const std::function<Trial()>& trial, int needed) {
  int on_time = 0, late = 0, invalid = 0;
  Judgement last_late;
  while (on_time + late + invalid < kMostAttempts) {
    const auto from = std::chrono::steady_clock::now();
    Trial played = trial();
    if (played.decided) return played.judgement;
    if (lag.WorstSince(from) > kMostLag) {
      ++invalid;
      continue;
    }
    if (played.on_time) {
      if (++on_time == needed) return Judgement::Pass();
    } else {
      last_late = std::move(played.judgement);
      if (++late > kTrials - needed) {
        last_late.message +=
            fmt::format(" ({} of {} valid trials missed the bound)", late, on_time + late);
        return last_late;
      }
    }
  }
  return Judgement::Inconclusive(fmt::format(
      "the machine lagged by more than {} ms in {} of {} trials; {} were on time, {} late",
      kMostLag.count(), invalid, kMostAttempts, on_time, late));
}

}  // namespace touchstone
