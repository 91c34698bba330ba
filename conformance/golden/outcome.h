// The answer to a request in one shape for all modes: what the `outcome` step matches against.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "conformance/contract/mode.h"

namespace touchstone {

// {request_id, session_id, ok, code?, refused, text, usage, replayed?, message?, retryable?}; keys
// with a question mark are absent when there is nothing to say. Nothing for a line that is no
// answer yet: ack ACCEPTED and events.
std::optional<boost::json::object> NormaliseOutcome(Mode mode, const boost::json::object& line);

}  // namespace touchstone
