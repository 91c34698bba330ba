// From what a host answered to what a case may expect: values that the contract leaves open, or
// that change from play to play, become matchers.
//
// Pure; any thread may call.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "conformance/contract/mode.h"

namespace touchstone::record {

struct Pattern {
  boost::json::object object;
  // What a reviewer should know of it: fields that were left out, or differed.
  std::vector<std::string> notes;
};

// The pattern of one line, heard twice: in two plays of the same script. `request` is what it
// answers (null when that cannot be told). Fields that the contract does not name are left out.
Pattern PatternOf(Mode mode, const boost::json::object& once, const boost::json::object& again,
                  const boost::json::value& request);

// As the text of a case: `${` is no variable in it.
boost::json::value Escaped(const boost::json::value& value);
// As a pattern: a text that looks like a matcher is none, either.
boost::json::value Literal(const boost::json::value& value);

}  // namespace touchstone::record
