#include "soak/workload/work.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "soak/draw.h"
#include "soak/workload/make_work.h"
#include "soak/workload/words.h"

namespace touchstone::soak {

WorkSource::WorkSource(const Mix& mix, Options options)
    : mix_(mix),
      options_(std::move(options)),
      long_prompt_(LongAnswerTo("a long question", mix.long_bytes)),
      count_(options_.position) {}

RequestKind WorkSource::Effective(RequestKind kind, double now_s) {
  while (!done_.empty() && done_.front().at_s < now_s - kReplayAgeS) done_.pop_front();
  const bool has = kind == RequestKind::kTools    ? options_.tools
                   : kind == RequestKind::kCancel ? options_.mode == WorkMode::kStream
                   : kind == RequestKind::kReplay ? !done_.empty()
                                                  : true;
  return has ? kind : RequestKind::kOk;
}

Work WorkSource::Next(double now_s) {
  Dice dice(options_.seed, count_);
  const int number = std::accumulate(mix_.weights.begin(), mix_.weights.end(), 0);
  int rest = dice.Below(number);
  std::size_t kind = 0;
  while (rest >= mix_.weights[kind]) rest -= mix_.weights[kind++];
  WorkMaker maker(mix_, options_.mode, options_.prefix, count_++, dice, long_prompt_);
  const auto effective = Effective(static_cast<RequestKind>(kind), now_s);
  if (effective != RequestKind::kReplay) return maker.Make(effective);
  const Done& done = done_[static_cast<std::size_t>(dice.Below(static_cast<int>(done_.size())))];
  return maker.Replay(done.session, done.key, done.text);
}

void WorkSource::Answered(const WorkLine& line, double now_s) {
  if (line.role != LineRole::kRun || line.text.empty()) return;
  done_.push_back({line.session_id, line.key, line.text, now_s});
  if (done_.size() > kMostDone) done_.pop_front();
}

WorkLine WorkSource::Retry(const WorkLine& line) {
  WorkLine again = line;
  again.when = SendWhen::kAtOnce;
  again.request_id = fmt::format("{}-again-{}", options_.prefix, ++further_);
  again.bytes = WithRequestId(line.bytes, line.request_id, again.request_id);
  const bool may_be_done =
      std::find(line.right.begin(), line.right.end(), "OK") != line.right.end();
  const bool is_said =
      std::find(line.right.begin(), line.right.end(), kReplayed) != line.right.end();
  if (line.role == LineRole::kRun && may_be_done && !is_said) again.right.emplace_back(kReplayed);
  return again;
}

Work WorkSource::Canary() {
  Dice dice(options_.seed ^ 0xca7a12, ++further_);
  const auto prefix = options_.prefix + "-canary";
  return WorkMaker(mix_, options_.mode, prefix, further_, dice, long_prompt_).Canary();
}

}  // namespace touchstone::soak
