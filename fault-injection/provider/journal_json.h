// A lane's journal as JSON, one line for each call and connection. Pure.
//
// The same seed, rules and calls give the same bytes; only `times` differs, which can be left out.
// Neither a caller's key nor the value of a header that carries one is in it.
#pragma once

#include <string>

#include "fault-injection/provider/journal.h"

namespace touchstone::provider {

enum class Times { kShown, kLeftOut };

// One line without its LF. Times are in whole µs since `start`, Snapshot::started_at.
std::string CallJson(const Call& call, Times times, std::chrono::steady_clock::time_point start);
std::string LinkJson(const Link& link, Times times, std::chrono::steady_clock::time_point start);

// All calls in their order, then all connections in theirs.
std::string JournalJson(const Snapshot& journal, Times times);

}  // namespace touchstone::provider
