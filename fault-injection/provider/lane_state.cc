#include "fault-injection/provider/lane_state.h"

#include <algorithm>
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

std::string KeyOf(const Call& call) {
  constexpr std::string_view kBearer = "Bearer ";
  for (const auto& [name, value] : call.headers) {
    if (name == "authorization" && value.starts_with(kBearer)) return value.substr(kBearer.size());
    if (name == "x-api-key" || name == "x-goog-api-key") return value;
  }
  return "";
}

}  // namespace

// The rules of a fresh lane are the default answer to every call.
LaneState::LaneState(std::string name, LaneOptions options)
    : name_(std::move(name)),
      options_(std::move(options)),
      rules_(ParseRules({{{"respond", boost::json::object()}}}).value(), options_.seed,
             options_.now()) {
  journal_.started_at = options_.now();
}

boost::json::value LaneState::Rules() const {
  const std::lock_guard lock(mutex_);
  return rules_.Json();
}

std::string LaneState::State() const {
  const std::lock_guard lock(mutex_);
  return rules_.state();
}

void LaneState::SetState(std::string state) {
  const std::lock_guard lock(mutex_);
  rules_.SetState(std::move(state));
}

void LaneState::Reset() {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  journal_ = {};
  journal_.started_at = now;
  calls_ = 0;
  released_.clear();
  rules_.Restart(now);
  changed_.notify_all();
}

void LaneState::SetRules(std::vector<Rule> rules) {
  RuleBook book(std::move(rules), options_.seed, options_.now());
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

template <typename T>
void LaneState::LetGo(std::vector<T>& entries) const {
  if (options_.keep == 0 || entries.size() < 2 * options_.keep) return;
  entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(options_.keep - 1));
}

LaneState::Verdict LaneState::Arrive(Call call, std::string_view dialect, std::string refusal) {
  call.json = ParseJson(call.body);
  call.dialect = dialect;
  Verdict verdict;
  verdict.request = Understand(name_, call);
  verdict.request.dialect = dialect;
  call.key = KeyOf(call);
  verdict.key = call.key;
  const std::lock_guard lock(mutex_);
  call.arrived_at = options_.now();
  call.number = ++calls_;
  call.state = rules_.state();
  verdict.request.number = call.number;
  verdict.ticket = next_ticket_++;
  if (refusal.empty()) {
    verdict.choice = rules_.Take(verdict.request, call, call.arrived_at);
  } else {
    verdict.choice.near_miss = std::move(refusal);
  }
  call.rule = verdict.choice.rule;
  call.near_miss = verdict.choice.near_miss;
  LetGo(journal_.calls);
  journal_.calls.push_back(std::move(call));
  changed_.notify_all();
  return verdict;
}

Call* LaneState::Find(std::uint64_t ticket) {
  const std::uint64_t back = next_ticket_ - ticket;
  return back > journal_.calls.size() ? nullptr : &*(journal_.calls.end() - static_cast<int>(back));
}

void LaneState::CountProbe() {
  const std::lock_guard lock(mutex_);
  ++journal_.probes;
  changed_.notify_all();
}

int LaneState::OpenLink() {
  const std::lock_guard lock(mutex_);
  Link link;
  link.number = ++journal_.connections;
  link.opened_at = options_.now();
  LetGo(journal_.links);
  journal_.links.push_back(link);
  changed_.notify_all();
  return link.number;
}

void LaneState::CloseLink(Link link) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(journal_.links.rbegin(), journal_.links.rend(),
                                  [&](const Link& l) { return l.number == link.number; });
  if (found == journal_.links.rend() || found->closed_at) return;
  link.opened_at = found->opened_at;
  link.closed_at = options_.now();
  *found = link;
  changed_.notify_all();
}

void LaneState::Sending(std::uint64_t ticket, const Sent& sent) {
  const std::lock_guard lock(mutex_);
  Call* const call = Find(ticket);
  if (call == nullptr) return;
  call->status = sent.status;
  call->bytes_sent = sent.bytes;
  call->sent = sent;
  changed_.notify_all();
}

void LaneState::Ended(std::uint64_t ticket, End end, Sent sent) {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  Call* const call = Find(ticket);
  if (call == nullptr) return;
  call->status = sent.status;
  call->bytes_sent = sent.bytes;
  call->sent = std::move(sent);
  call->answered = end == End::kAnswered || end == End::kAnsweredAndClosed;
  call->closed_by_caller = end == End::kClosedByCaller;
  if (call->answered) call->answered_at = now;
  if (end != End::kAnswered) call->closed_at = now;
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
