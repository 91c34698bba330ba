#include "fault-injection/provider/hold_book.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace touchstone::provider {

bool HoldBook::SetBarrier(const std::string& name, Rule rule, Time now) {
  released_.erase(name);
  boost::json::value match(boost::json::object_kind);
  if (rule.source != nullptr && rule.source->is_object()) {
    if (const auto* const given = rule.source->get_object().if_contains("match")) match = *given;
  }
  std::vector<Rule> rules;
  rules.push_back(std::move(rule));
  return barriers_
      .insert_or_assign(name, Entry{RuleBook(std::move(rules), 0, now), std::move(match)})
      .second;
}

std::string HoldBook::Barrier(const Request& request, const Call& call, Time now) {
  std::string taker;
  for (auto& [name, entry] : barriers_) {
    if (entry.book.Take(request, call, now).rule == 0 && taker.empty()) taker = name;
  }
  return taker;
}

bool HoldBook::Hold(HeldCall call) {
  if (released_.contains(call.name) || call.ticket < free_below_) return false;
  held_.push_back(std::move(call));
  return true;
}

void HoldBook::Forget(std::uint64_t ticket) {
  std::erase_if(held_, [&](const HeldCall& call) { return call.ticket == ticket; });
}

HoldBook::Resumes HoldBook::Release(const std::string& name) {
  barriers_.erase(name);
  released_.insert(name);
  return Release(name, std::numeric_limits<std::size_t>::max());
}

HoldBook::Resumes HoldBook::Release(const std::string& name, std::size_t most) {
  Resumes resumes;
  std::vector<HeldCall> others;
  for (HeldCall& call : held_) {
    if (call.name == name && resumes.size() < most) {
      resumes.push_back(std::move(call.resume));
    } else {
      others.push_back(std::move(call));
    }
  }
  held_ = std::move(others);
  return resumes;
}

HoldBook::Resumes HoldBook::ReleaseAll(std::uint64_t ticket) {
  free_below_ = ticket;
  Resumes resumes;
  for (HeldCall& call : held_) resumes.push_back(std::move(call.resume));
  held_.clear();
  return resumes;
}

void HoldBook::Restart() {
  barriers_.clear();
  released_.clear();
  for (HeldCall& call : held_) call.number = 0;
}

std::size_t HoldBook::CountHeld(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      held_.begin(), held_.end(), [&](const auto& call) { return call.name == name; }));
}

std::vector<std::pair<std::string, boost::json::value>> HoldBook::Barriers() const {
  std::vector<std::pair<std::string, boost::json::value>> barriers;
  for (const auto& [name, entry] : barriers_) barriers.emplace_back(name, entry.match);
  return barriers;
}

}  // namespace touchstone::provider
