// The judge's own reading of JSON: simdjson on the raw bytes, strict. The host under test uses
// another parser, so that a bug in one cannot hide in the other. Values come out as
// boost::json::value, the type in which the judge matches and writes JSON.
//
// Stateless for the caller; any thread may call.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace touchstone {

struct JsonError {
  std::string message;
};

// One JSON text (RFC 8259) in valid UTF-8, with optional JSON white space around it. Refused are: a
// BOM, invalid UTF-8, unpaired surrogate escapes, a key given twice in one object, numbers that
// neither a 64-bit integer nor a double holds, and nesting beyond 1024.
tl::expected<boost::json::value, JsonError> ParseStrict(std::string_view bytes);

// True when `bytes` are valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above
// U+10FFFF).
bool IsValidUtf8(std::string_view bytes);

// Compact JSON of a value, without a line feed.
std::string ToJson(const boost::json::value& value);

}  // namespace touchstone
