// What the suites of a gate found, as judgements of checks. Pure functions.
#pragma once

#include "conformance/fuzz/campaign.h"
#include "conformance/fuzz/model/hunt.h"
#include "conformance/load/load.h"
#include "conformance/run/result.h"
#include "conformance/selftest/kill_matrix.h"
#include "soak/summary/summary.h"

namespace touchstone::gate {

Judgement JudgeLoad(LoadResult load);
Judgement JudgeSearch(const fuzz::CampaignResult& result);
Judgement JudgeHunt(const model::Hunted& hunted, int programs);

// A judge that does not notice defects is a bug in the harness, whatever the host is like.
Judgement JudgeSelftest(const KillMatrix& matrix);

// What failed and what rises are violations; "not judged" is inconclusive, never a pass.
Judgement JudgeSoak(const soak::Summary& summary);

}  // namespace touchstone::gate
