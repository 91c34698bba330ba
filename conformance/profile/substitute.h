// Variables in case files and profiles: "${provider.base_url}" in any string, at any depth, in keys
// too.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace touchstone {

// The value of a variable; nothing when it is not known.
using Lookup = std::function<std::optional<boost::json::value>(std::string_view name)>;

// Replaces each ${NAME} that `lookup` knows and leaves others as they are (a later pass may know
// them). A string that is one variable and nothing else becomes the variable's value with its type;
// inside a longer string the value becomes its text. "$${" is a literal "${" and is unescaped only
// when `last` is true.
boost::json::value Substitute(const boost::json::value& value, const Lookup& lookup, bool last);
std::string SubstituteText(std::string_view text, const Lookup& lookup, bool last);

// The names of all variables in the value.
std::set<std::string> VariablesIn(const boost::json::value& value);

}  // namespace touchstone
