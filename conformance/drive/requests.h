// Requests as checks and loads send them, and the questions that they ask of answers.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "conformance/drive/host_process.h"

namespace touchstone {

boost::json::object RunRequest(std::string_view id, std::string_view session,
                               std::string_view prompt);  // key = "k-" + id
boost::json::object PingRequest(std::string_view id);
boost::json::object CancelRequest(std::string_view id, std::string_view session,
                                  std::string_view target);

// One line with LF.
std::string AsLine(const boost::json::object& request);

// True for the line that answers `id` for good: final, error, an ack that is not ACCEPTED, or a
// flat object.
bool IsAnswerTo(const Line& line, std::string_view id);
bool IsAccepted(const Line& line, std::string_view id);
// "OK", "ERROR", "TIMEOUT", "CANCELED" of a final, "PONG" … of an ack, "REFUSED" of an error; "OK"
// or "ERROR" in mode B.
std::string StatusOf(const Line& line);
// The error code of an answer in any mode; empty when there is none.
std::string CodeOf(const Line& line);
// What came of a request, in one word as soak/workload/work.h has it: "OK", "OK replayed", "PONG",
// "CANCELED", or the error code.
std::string OutcomeOf(const Line& line);

}  // namespace touchstone
