#include "fault-injection/provider/lane_state.h"

#include <boost/json.hpp>
#include <utility>

namespace touchstone::provider {

namespace {

using Clock = std::chrono::steady_clock;

std::optional<boost::json::value> ParseJson(const std::string& body) {
  boost::json::parse_options deep;
  deep.max_depth = 256;
  boost::system::error_code bad;
  boost::json::value value = boost::json::parse(body, bad, {}, deep);
  if (bad) return std::nullopt;
  return value;
}

}  // namespace

LaneState::LaneState(std::string name)
    : name_(std::move(name)), rules_(std::vector<Rule>(1)) {}  // the default answer to every call

void LaneState::SetRules(std::vector<Rule> rules) {
  RuleBook book(std::move(rules));
  const std::lock_guard lock(mutex_);
  std::swap(rules_, book);
}

void LaneState::Release(const std::string& hold) {
  std::vector<std::function<void()>> resumed;
  {
    const std::lock_guard lock(mutex_);
    released_.insert(hold);
    const auto [first, last] = held_.equal_range(hold);
    for (auto it = first; it != last; ++it) resumed.push_back(std::move(it->second));
    held_.erase(first, last);
  }
  for (const auto& resume : resumed) resume();
}

Snapshot LaneState::Journal() const {
  const std::lock_guard lock(mutex_);
  return journal_;
}

bool LaneState::WaitUntil(const std::function<bool(const Snapshot&)>& holds,
                          Clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  bool held = holds(journal_);
  while (!held && !closed_) {
    const bool late = changed_.wait_until(lock, deadline) == std::cv_status::timeout;
    held = holds(journal_);
    if (late) break;
  }
  return held;
}

LaneState::Verdict LaneState::Arrive(Call call, std::string refusal) {
  call.json = ParseJson(call.body);
  call.arrived_at = Clock::now();
  Verdict verdict{Understand(name_, call), {}};
  const std::lock_guard lock(mutex_);
  call.number = static_cast<int>(journal_.calls.size()) + 1;
  verdict.request.number = call.number;
  if (refusal.empty()) {
    verdict.choice = rules_.Take(verdict.request);
  } else {
    verdict.choice.near_miss = std::move(refusal);
  }
  call.rule = verdict.choice.rule;
  call.near_miss = verdict.choice.near_miss;
  journal_.calls.push_back(std::move(call));
  changed_.notify_all();
  return verdict;
}

void LaneState::CountProbe() {
  const std::lock_guard lock(mutex_);
  ++journal_.probes;
  changed_.notify_all();
}

int LaneState::CountConnection() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  return ++journal_.connections;
}

void LaneState::Sending(int number, Sent sent) {
  const std::lock_guard lock(mutex_);
  Call& call = journal_.calls[static_cast<std::size_t>(number) - 1];
  call.status = sent.status;
  call.bytes_sent = sent.bytes;
  changed_.notify_all();
}

void LaneState::Ended(int number, End end, Sent sent) {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  Call& call = journal_.calls[static_cast<std::size_t>(number) - 1];
  call.status = sent.status;
  call.bytes_sent = sent.bytes;
  call.answered = end == End::kAnswered || end == End::kAnsweredAndClosed;
  call.closed_by_caller = end == End::kClosedByCaller;
  if (call.answered) call.answered_at = now;
  if (end != End::kAnswered) call.closed_at = now;
  changed_.notify_all();
}

bool LaneState::HoldUnder(const std::string& hold, std::function<void()> resume) {
  const std::lock_guard lock(mutex_);
  if (released_.contains(hold)) return false;
  held_.emplace(hold, std::move(resume));
  return true;
}

void LaneState::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  held_.clear();
  changed_.notify_all();
}

}  // namespace touchstone::provider
