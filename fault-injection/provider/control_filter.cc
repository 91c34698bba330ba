#include "fault-injection/provider/control_filter.h"

#include <limits>

#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace {

constexpr std::int64_t kAny = std::numeric_limits<int>::max();

template <typename Wanted, typename Came>
bool Is(const std::optional<Wanted>& wanted, const Came& came) {
  return !wanted || *wanted == came;
}

}  // namespace

bool CallFilter::Fits(const Call& seen) const {
  if (!Is(call, seen.number) || (since && seen.number <= *since)) return false;
  if (!Is(rule, seen.rule) || !Is(matched, seen.rule >= 0)) return false;
  if (!Is(status, seen.status) || !Is(connection, seen.connection)) return false;
  if (!Is(dialect, seen.dialect) || !Is(method, seen.method) || !Is(state, seen.state)) {
    return false;
  }
  if (!Is(ended, seen.answered || seen.closed_at.has_value())) return false;
  if (!Is(closed_by_caller, seen.closed_by_caller)) return false;
  if (path) {
    const std::string_view target = seen.path;
    const bool query = path->find('?') != std::string::npos;
    if (!FitsGlob(*path, query ? target : target.substr(0, target.find('?')))) return false;
  }
  return !text || seen.body.find(*text) != std::string::npos;
}

bool CallFilter::IsEmpty() const {
  return !call && !since && !rule && !matched && !status && !connection && !dialect && !method &&
         !path && !text && !state && !ended && !closed_by_caller;
}

CallFilter ReadCallFilter(ControlQuery& query) {
  CallFilter filter;
  filter.call = query.Integer("call", 1, kAny);
  filter.since = query.Integer("since", 0, kAny);
  filter.rule = query.Integer("rule", -1, kAny);
  filter.matched = query.Flag("matched");
  filter.status = query.Integer("status", 0, 999);
  filter.connection = query.Integer("connection", 1, kAny);
  filter.dialect = query.Text("dialect");
  filter.method = query.Text("method");
  filter.path = query.Text("path");
  filter.text = query.Text("text");
  filter.state = query.Text("state");
  filter.ended = query.Flag("ended");
  filter.closed_by_caller = query.Flag("closed_by_caller");
  return filter;
}

}  // namespace touchstone::provider
