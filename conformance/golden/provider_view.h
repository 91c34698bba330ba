// The `provider_saw` step: a condition on the mock provider's journal.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "conformance/golden/matcher.h"
#include "fault-injection/provider/journal.h"

namespace touchstone {

// The first thing in which the journal differs from the pattern; nothing when all keys hold.
std::optional<std::string> ProviderMismatch(const boost::json::object& pattern,
                                            const provider::Snapshot& journal, Captures& captures);

// Nothing that is yet to come can make the pattern hold: the provider was asked, or left, more
// often than it allows, or the calls that it allows have shown something else.
bool CanNoLongerHold(const boost::json::object& pattern, const provider::Snapshot& journal,
                     const Captures& captures);

// The transcript that a call shows the provider, without system messages:
// [["user","a"],["assistant","b"]].
boost::json::array TurnsOf(const provider::Call& call);

// The moment that `within_ms` beside the step is about: when the call was closed, if the pattern
// asks for that, else when it arrived. Nothing when there is no such call.
std::optional<std::chrono::steady_clock::time_point> MomentOf(const boost::json::object& pattern,
                                                              const provider::Snapshot& journal);

}  // namespace touchstone
