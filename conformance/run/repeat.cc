#include "conformance/run/repeat.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {

Judgement SumUp(const std::vector<Judgement>& tried, Attempts& attempts) {
  const auto first = [&](Verdict verdict) {
    return std::ranges::find(tried, verdict, &Judgement::verdict);
  };
  const auto count = [&](Verdict verdict) {
    return static_cast<int>(std::ranges::count(tried, verdict, &Judgement::verdict));
  };
  attempts = {count(Verdict::kPass), count(Verdict::kFail), count(Verdict::kInconclusive)};
  for (Verdict decided : {Verdict::kHarnessBug, Verdict::kSkip}) {
    if (const auto at = first(decided); at != tried.end()) return *at;
  }
  if (attempts.fail == 0)
    return *first(attempts.pass > 0 ? Verdict::kPass : Verdict::kInconclusive);
  Judgement judgement = *first(Verdict::kFail);
  if (attempts.pass > 0) {
    judgement.verdict = Verdict::kFlaky;
    judgement.message = fmt::format("flaky: {} of {} attempts failed; {}", attempts.fail,
                                    attempts.total(), judgement.message);
  }
  return judgement;
}

std::optional<CheckResult> PlayRepeatedly(const std::function<CheckResult()>& play, int times,
                                          std::stop_token stop) {
  std::vector<Judgement> tried;
  CheckResult result;
  double duration_ms = 0;
  for (int i = 0; i < times; ++i) {
    if (i > 0 && stop.stop_requested()) return std::nullopt;
    result = play();
    duration_ms += result.duration_ms;
    const Verdict verdict = result.judgement.verdict;
    tried.push_back(std::move(result.judgement));
    if (verdict == Verdict::kSkip || verdict == Verdict::kHarnessBug) break;
  }
  Attempts attempts;
  result.judgement = SumUp(tried, attempts);
  result.duration_ms = duration_ms;
  if (attempts.total() > 0 && times > 1) result.attempts = attempts;
  return result;
}

}  // namespace touchstone
