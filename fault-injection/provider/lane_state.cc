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
  // It is never changed and goes as a whole: one block, not one for each of its parts.
  auto memory = boost::json::make_shared_resource<boost::json::monotonic_resource>(
      std::max<std::size_t>(body.size() * 4, 512));
  boost::system::error_code bad;
  boost::json::value value = boost::json::parse(body, bad, std::move(memory), deep);
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
             options_.now()),
      seed_(options_.seed) {
  journal_.started_at = options_.now();
}

void LaneState::Changed() const {
  changed_.notify_all();
  for (const auto& [watch, changed] : watches_) changed();
}

std::uint64_t LaneState::Seed() const {
  const std::lock_guard lock(mutex_);
  return seed_;
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

bool LaneState::SetKnownState(const std::string& state) {
  const std::lock_guard lock(mutex_);
  if (!rules_.States().contains(state)) return false;
  rules_.SetState(state);
  return true;
}

void LaneState::BeforeReset(std::function<void(Snapshot)> keep) {
  const std::lock_guard lock(mutex_);
  keep_ = std::move(keep);
}

void LaneState::Clear(Clock::time_point now) {
  if (keep_) keep_(std::move(journal_));
  journal_ = {};
  journal_.started_at = now;
  calls_ = 0;
  ++life_;
  holds_.Restart();
  rules_.Restart(now);
}

void LaneState::Reset() {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  Clear(now);
  Changed();
}

void LaneState::StartAnew(std::optional<std::uint64_t> seed) {
  const auto now = options_.now();
  HoldBook::Resumes resumes;
  {
    const std::lock_guard lock(mutex_);
    Clear(now);
    if (seed) seed_ = *seed;
    rules_.SetSeed(seed_);
    resumes = holds_.ReleaseAll(next_ticket_);
    Changed();
  }
  for (const auto& resume : resumes) resume();
}

void LaneState::SetRules(std::vector<Rule> rules) {
  const std::uint64_t seed = Seed();
  RuleBook book(std::move(rules), seed, options_.now());
  const std::lock_guard lock(mutex_);
  if (seed != seed_) book.SetSeed(seed_);
  std::swap(rules_, book);
}

void LaneState::Release(const std::string& hold) {
  HoldBook::Resumes resumes;
  {
    const std::lock_guard lock(mutex_);
    resumes = holds_.Release(hold);
    Changed();
  }
  for (const auto& resume : resumes) resume();
}

std::optional<std::size_t> LaneState::ReleaseKnown(const std::string& name,
                                                   std::optional<std::size_t> most) {
  HoldBook::Resumes resumes;
  {
    const std::lock_guard lock(mutex_);
    if (!holds_.HasBarrier(name) && holds_.CountHeld(name) == 0 && !rules_.Holds().contains(name)) {
      return std::nullopt;
    }
    resumes = most ? holds_.Release(name, *most) : holds_.Release(name);
    Changed();
  }
  for (const auto& resume : resumes) resume();
  return resumes.size();
}

bool LaneState::SetBarrier(const std::string& name, Rule rule) {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  return holds_.SetBarrier(name, std::move(rule), now);
}

void LaneState::Look(const std::function<void(const View&)>& look) const {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  look({journal_, calls_, rules_, holds_, seed_, now});
}

std::uint64_t LaneState::Watch(std::function<void()> changed) {
  const std::lock_guard lock(mutex_);
  watches_.emplace(next_watch_, std::move(changed));
  return next_watch_++;
}

void LaneState::Unwatch(std::uint64_t watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(watch);
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
void LaneState::LetGo(std::deque<T>& entries) const {
  while (options_.keep != 0 && entries.size() >= options_.keep) entries.pop_front();
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
    verdict.choice.near_miss = refusal;
  }
  call.rule = verdict.choice.rule;
  call.near_miss = verdict.choice.near_miss;
  if (refusal.empty() && holds_.HasBarriers()) {
    verdict.barrier = holds_.Barrier(verdict.request, call, call.arrived_at);
  }
  LetGo(journal_.calls);
  journal_.calls.push_back(std::move(call));
  Changed();
  return verdict;
}

Call* LaneState::Find(std::uint64_t ticket) {
  const std::uint64_t back = next_ticket_ - ticket;
  return back > journal_.calls.size() ? nullptr : &*(journal_.calls.end() - static_cast<int>(back));
}

void LaneState::CountProbe() {
  const std::lock_guard lock(mutex_);
  ++journal_.probes;
  Changed();
}

LaneState::LinkId LaneState::OpenLink(Clock::time_point at) {
  const std::lock_guard lock(mutex_);
  Link link;
  link.number = ++journal_.connections;
  link.opened_at = at;
  LetGo(journal_.links);
  journal_.links.push_back(link);
  Changed();
  return {link.number, life_};
}

void LaneState::CloseLink(Link link, std::uint64_t life) {
  const std::lock_guard lock(mutex_);
  if (life != life_ || journal_.links.empty()) return;
  const int index = link.number - journal_.links.front().number;
  if (index < 0) return;  // let go
  Link& known = journal_.links[static_cast<std::size_t>(index)];
  if (known.closed_at) return;
  link.opened_at = known.opened_at;
  link.closed_at = options_.now();
  known = link;
  Changed();
}

void LaneState::Sending(std::uint64_t ticket, const Sent& sent) {
  const std::lock_guard lock(mutex_);
  Call* const call = Find(ticket);
  if (call == nullptr) return;
  call->status = sent.status;
  call->bytes_sent = sent.bytes;
  call->sent = sent;
  Changed();
}

void LaneState::Ended(std::uint64_t ticket, End end, Sent sent) {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  holds_.Forget(ticket);
  Call* const call = Find(ticket);
  if (call == nullptr) return;
  call->status = sent.status;
  call->bytes_sent = sent.bytes;
  call->sent = std::move(sent);
  call->answered = end == End::kAnswered || end == End::kAnsweredAndClosed;
  call->closed_by_caller = end == End::kClosedByCaller;
  if (call->answered) call->answered_at = now;
  if (end != End::kAnswered) call->closed_at = now;
  Changed();
}

bool LaneState::HoldUnder(const std::string& hold, std::uint64_t ticket,
                          std::function<void()> resume) {
  const auto now = options_.now();
  const std::lock_guard lock(mutex_);
  const Call* const call = Find(ticket);
  HeldCall held{hold, ticket, 0, "", now, std::move(resume)};
  if (call != nullptr) {
    held.number = call->number;
    held.path = call->path;
  }
  if (!holds_.Hold(std::move(held))) return false;
  Changed();
  return true;
}

void LaneState::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  holds_ = {};
  Changed();
}

}  // namespace touchstone::provider
