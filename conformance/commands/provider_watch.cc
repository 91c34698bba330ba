#include "conformance/commands/provider_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/golden/provider_view.h"
#include "conformance/observe/framing.h"
#include "fault-injection/provider/journal_json.h"
#include "fault-injection/provider/secrets.h"

namespace touchstone {
namespace {

using provider::Call;
using provider::Link;
using provider::PathWithoutKeys;
using provider::WithoutKeys;

std::string Count(std::uint64_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

// The last thing that was said, as a person wants to see it.
std::string LastWords(const Call& call) {
  const auto turns = TurnsOf(call);
  if (turns.empty()) return Excerpt(WithoutKeys(call, call.body), 120);
  const auto& last = turns.back().get_array();
  return fmt::format("{} \"{}\"", std::string_view(last[0].get_string()),
                     Excerpt(WithoutKeys(call, std::string(last[1].get_string())), 100));
}

std::string EndOf(const Call& call) {
  const auto end = call.answered_at ? *call.answered_at : *call.closed_at;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - call.arrived_at).count();
  std::string what = call.answered
                         ? fmt::format("answered {}", call.status)
                         : fmt::format("not answered to the end (status {})", call.status);
  if (call.status == 0) what = call.answered ? "answered with nothing" : "never answered";
  std::string text = fmt::format("{}, {} in {} ms", what, Count(call.bytes_sent, "byte"), took);
  if (call.closed_at) {
    text += fmt::format("; the {} closed the connection",
                        call.closed_by_caller ? "caller" : "provider");
  }
  return text;
}

// Calls and links are numbered without gaps, and the first ones may have been let go.
template <typename Entries>
const typename Entries::value_type* Find(const Entries& entries, int number) {
  if (entries.empty() || number < entries.front().number) return nullptr;
  return &entries[static_cast<std::size_t>(number - entries.front().number)];
}

}  // namespace

void ProviderWatch::Add(Kind kind, TimePoint at, std::uint64_t count) {
  News news;
  news.kind = kind;
  news.at = at;
  news.started = started_;
  news.count = count;
  news_.push_back(std::move(news));
}

void ProviderWatch::Look(const provider::Snapshot& journal) {
  if (journal.started_at != started_) {
    const bool reset = started_ != TimePoint();
    started_ = journal.started_at;
    if (reset) Add(Kind::kReset, started_);
    earlier_connections_ += connections_;
    earlier_probes_ += probes_;
    last_call_ = last_link_ = 0;
    open_calls_.clear();
    open_links_.clear();
  }
  connections_ = journal.connections;
  probes_ = journal.probes;
  const std::uint64_t lost = lost_;
  LookAtCalls(journal);
  LookAtLinks(journal);
  if (lost_ != lost) Add(Kind::kLost, std::chrono::steady_clock::now(), lost_ - lost);
}

void ProviderWatch::LookBeforeReset(const provider::Snapshot& journal) {
  before_reset_ = at_the_end_ = true;
  Look(journal);
  before_reset_ = at_the_end_ = false;
}

// Of a journal that has ended nothing may be told behind its reset.
ProviderWatch::TimePoint ProviderWatch::EndOfOpen(TimePoint began) const {
  return before_reset_ ? began : std::chrono::steady_clock::now();
}

void ProviderWatch::LookAtTheEnd(const provider::Snapshot& journal) {
  at_the_end_ = true;
  Look(journal);
}

void ProviderWatch::LookAtNewCalls(const provider::Snapshot& journal) {
  if (journal.calls.empty() || journal.calls.back().number <= last_call_) return;
  const int first = std::max(last_call_ + 1, journal.calls.front().number);
  lost_ += static_cast<std::uint64_t>(first - last_call_ - 1);
  std::size_t told = 0;
  std::uint64_t more = 0;
  for (last_call_ = first; last_call_ <= journal.calls.back().number; ++last_call_) {
    const Call& call = *Find(journal.calls, last_call_);
    ++calls_;
    ++by_rule_[call.rule];
    const bool tell = wanted_.text && told < kMostTold;
    open_calls_.push_back({last_call_, tell});
    if (tell) {
      ++told;
      Add(Kind::kArrived, call.arrived_at);
      news_.back().call = call;
    } else {
      ++more;
    }
  }
  last_call_ = journal.calls.back().number;
  if (more > 0 && wanted_.text) Add(Kind::kMore, journal.calls.back().arrived_at, more);
}

void ProviderWatch::LookAtCalls(const provider::Snapshot& journal) {
  LookAtNewCalls(journal);
  std::erase_if(open_calls_, [&](const Open& open) {
    const Call* const call = Find(journal.calls, open.number);
    if (call == nullptr) {
      ++lost_;
      return true;
    }
    const bool ended = call->answered || call->closed_at;
    if (!ended && !at_the_end_) return false;
    closed_by_caller_ += call->closed_by_caller ? 1 : 0;
    if (wanted_.json || (open.told && ended)) {
      Add(Kind::kEnded, call->answered_at ? *call->answered_at
                        : call->closed_at ? *call->closed_at
                                          : EndOfOpen(call->arrived_at));
      news_.back().told = open.told && ended;
      news_.back().call = *call;
    }
    return true;
  });
}

void ProviderWatch::LookAtLinks(const provider::Snapshot& journal) {
  if (!wanted_.json || journal.links.empty()) return;
  for (int number = std::max(last_link_ + 1, journal.links.front().number);
       number <= journal.links.back().number; ++number) {
    open_links_.push_back(number);
  }
  last_link_ = std::max(last_link_, journal.links.back().number);
  std::erase_if(open_links_, [&](int number) {
    const Link* const link = Find(journal.links, number);
    if (link == nullptr) return true;
    if (!link->closed_at && !at_the_end_) return false;
    Add(Kind::kClosed, link->closed_at ? *link->closed_at : EndOfOpen(link->opened_at));
    news_.back().link = *link;
    return true;
  });
}

std::string ProviderWatch::TextOf(const News& news) const {
  const Call& call = news.call;
  const double seconds = Seconds(news.at);
  switch (news.kind) {
    case Kind::kReset:
      return fmt::format("{:8.3f} s  reset; calls are counted from 1 again\n", seconds);
    case Kind::kLost:
      return fmt::format("{:8.3f} s  too fast to be told: {}\n", seconds,
                         Count(news.count, "call"));
    case Kind::kMore:
      return fmt::format("{:8.3f} s  … and {}, not told one by one\n", seconds,
                         Count(news.count, "call"));
    case Kind::kArrived: {
      const std::string head = fmt::format("{:8.3f} s  call {}: {} {}, {}", seconds, call.number,
                                           call.method, PathWithoutKeys(call), LastWords(call));
      if (call.rule >= 0) return fmt::format("{} -> rule [{}]\n", head, call.rule);
      return fmt::format("{}\n            NO RULE MATCHES; nearest: {}\n", head,
                         WithoutKeys(call, call.near_miss));
    }
    case Kind::kEnded:
      if (!news.told) return "";
      return fmt::format("{:8.3f} s  call {}: {}\n", seconds, call.number, EndOf(call));
    case Kind::kClosed:
      break;
  }
  return "";
}

ProviderWatch::Told ProviderWatch::Take() {
  std::vector<News> all = std::exchange(news_, {});
  std::stable_sort(all.begin(), all.end(),
                   [](const News& a, const News& b) { return a.at < b.at; });
  Told told;
  for (const News& news : all) {
    if (wanted_.text) told.text += TextOf(news);
    if (!wanted_.json) continue;
    using enum provider::Times;
    if (news.kind == Kind::kEnded) told.json += CallJson(news.call, kShown, news.started) + "\n";
    if (news.kind == Kind::kClosed) told.json += LinkJson(news.link, kShown, news.started) + "\n";
    if (news.kind == Kind::kReset) told.json += "{\"reset\":true}\n";
    if (news.kind == Kind::kLost) told.json += fmt::format("{{\"lost_calls\":{}}}\n", news.count);
  }
  return told;
}

std::string ProviderWatch::Summary() const {
  const auto total = [](int number) { return static_cast<std::uint64_t>(number); };
  std::string text = fmt::format("{} on {}, {}", Count(calls_, "call"),
                                 Count(total(connections_ + earlier_connections_), "connection"),
                                 Count(total(probes_ + earlier_probes_), "probe"));
  std::string rules;
  for (const auto& [rule, count] : by_rule_) {
    if (rule >= 0) rules += fmt::format("{}[{}] {}", rules.empty() ? "" : ", ", rule, count);
  }
  if (!rules.empty()) text += "; by rule: " + rules;
  if (by_rule_.contains(-1)) text += fmt::format("; no rule matched {}", by_rule_.at(-1));
  if (closed_by_caller_ > 0) text += fmt::format("; closed by the caller: {}", closed_by_caller_);
  if (lost_ > 0) text += fmt::format("; too fast to be told: {}", lost_);
  return text;
}

}  // namespace touchstone
