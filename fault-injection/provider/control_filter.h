// Which calls of a journal a request for it, or a wait, is about: `rule=0&status=503&ended=true`.
#pragma once

#include <optional>
#include <string>

#include "fault-injection/provider/control_query.h"
#include "fault-injection/provider/journal.h"

namespace touchstone::provider {

// All that is set must hold. Calls are known by their numbers: 1 is the first since the last reset.
struct CallFilter {
  std::optional<std::int64_t> call;
  std::optional<std::int64_t> since;  // calls after this one
  std::optional<std::int64_t> rule;   // -1: no rule matched
  std::optional<bool> matched;
  std::optional<std::int64_t> status;
  std::optional<std::int64_t> connection;
  std::optional<std::string> dialect;
  std::optional<std::string> method;
  std::optional<std::string> path;  // a glob, as match.path
  std::optional<std::string> text;  // occurs in the body
  std::optional<std::string> state;
  std::optional<bool> ended;             // answered, or its connection is closed
  std::optional<bool> closed_by_caller;  // before the answer was complete

  bool Fits(const Call& call_seen) const;
  bool IsEmpty() const;  // every call fits
};

// What is wrong is in the query.
CallFilter ReadCallFilter(ControlQuery& query);

}  // namespace touchstone::provider
