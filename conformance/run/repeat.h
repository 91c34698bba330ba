// `--repeat N`: each check is played N times in a row, and the attempts are summed up.
//
// All passed: pass. Some passed and some failed: flaky, which is no pass. Inconclusive attempts say
// nothing: they count only when there is nothing else. One attempt by a bug in the harness is one
// for all.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "conformance/run/job.h"
#include "conformance/run/result.h"

namespace touchstone {

// Sums up what the attempts of one check found. The message, the violations and the transcript are
// those of the first attempt that decided. `tried` is not empty.
Judgement SumUp(const std::vector<Judgement>& tried, Attempts& attempts);

// Plays up to `times` attempts: a skip is decided at once, and so is a bug in the harness. Stops
// between two when `stop` is requested; then there is nothing to be said (nullopt).
std::optional<CheckResult> PlayRepeatedly(const std::function<CheckResult()>& play, int times,
                                          std::stop_token stop);

}  // namespace touchstone
