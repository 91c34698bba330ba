// The shape of each response line: §4 (modes S and O) and §5 (mode B) of the contract. Always on:
// every line of every conversation of every suite goes through here.
//
// Pure functions; any thread may call.
#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "conformance/contract/mode.h"
#include "conformance/observe/violation.h"

namespace touchstone {

// What is wrong with the line by itself: RESP-01…06 in S and O, BRIDGE-01, BRIDGE-02, RESP-05 and
// RESP-06 in B. Empty is right. Fields that the contract does not name are left alone. `line` is an
// object (FRAME-01 saw to that).
std::vector<Violation> JudgeShape(Mode mode, const boost::json::object& line);

// The string at `key`; nullptr when there is none.
const boost::json::string* StringAt(const boost::json::object& object, std::string_view key);

}  // namespace touchstone
