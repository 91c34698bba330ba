// The `provider_did` step: what the mock provider really did on the wire, as its journal has it.
// The proofs of fault scenarios are made of it: a fault that did not happen proves nothing.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "conformance/golden/matcher.h"
#include "fault-injection/provider/journal.h"

namespace touchstone {

// The keys that a pattern may have.
std::span<const std::string_view> ProviderDidKeys();

// What is wrong with the pattern's `call`; nothing when it is a number, "any" or "every".
std::optional<std::string> CheckWhichCall(const boost::json::object& pattern);

// The facts of one call, by the keys of docs/fault-scenarios.md.
boost::json::object FactsOf(const provider::Call& call, const provider::Call* before);

// The first thing in which the journal differs from the pattern, an object; nothing when all keys
// hold. Of a list of patterns one must hold.
std::optional<std::string> DidMismatch(const boost::json::value& patterns,
                                       const provider::Snapshot& journal, Captures& captures);

}  // namespace touchstone
