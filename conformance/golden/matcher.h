// The matchers of docs/write-a-case.md: a pattern is JSON in which strings in angle brackets stand
// for kinds of values, objects match by the keys they list, and all else must be equal.
//
// Pure but for Captures; any thread may call.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <string>

namespace touchstone {

// What `<same:NAME>` has met so far in one play.
using Captures = std::map<std::string, boost::json::value>;

struct Mismatch {
  std::string path;      // "error.code", "" for the whole
  std::string expected;  // JSON of the pattern there
  std::string got;       // JSON of the value there, or "nothing"

  std::string ToString() const;
};

// Nothing when `actual` matches. `actual` may be nullptr: the value is absent.
std::optional<Mismatch> Match(const boost::json::value& pattern, const boost::json::value* actual,
                              Captures& captures);

// Why a pattern cannot be used (an unknown matcher, a bad expression), with the path; nothing when
// it is sound.
std::optional<std::string> CheckPattern(const boost::json::value& pattern);

}  // namespace touchstone
