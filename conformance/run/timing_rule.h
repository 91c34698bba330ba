// The contract's timing rule (§0): a bound is judged over 5 trials; a trial counts only when the
// judge's own lag gauge overshot by at most 10 ms; it passes with 4 of 5; too few valid trials are
// inconclusive.
#pragma once

#include <functional>

#include "conformance/process/lag_gauge.h"
#include "conformance/run/result.h"

namespace touchstone {

struct Trial {
  bool on_time = true;
  // Set when something else than time went wrong: that needs no second trial.
  bool decided = false;
  Judgement judgement;
};

// Plays `trial` until `needed` of 5 valid ones were on time, too few can be any more, or 12 were
// tried.
Judgement JudgeByTimingRule(const LagGauge& lag, const std::function<Trial()>& trial,
                            int needed = 4);

}  // namespace touchstone
