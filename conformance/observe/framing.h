// Bytes become lines, and every line is held against FRAME-01: complete, one JSON object, valid
// UTF-8, ended by a single LF. The splitter is fed whatever the pipe gives, in any pieces.
//
// Not thread-safe; one splitter per stream.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/observe/violation.h"

namespace touchstone {

// Cuts a byte stream at LF. What follows the last LF stays pending.
class LineSplitter {
 public:
  // The lines that `bytes` completed, without their LF (a CR stays).
  std::vector<std::string> Feed(std::string_view bytes);
  // The bytes since the last LF.
  const std::string& pending() const { return pending_; }

 private:
  std::string pending_;
};

struct JudgedLine {
  std::optional<boost::json::value> json;  // set when the bytes are JSON at all
  std::optional<Violation> violation;      // FRAME-01
};

// Judges one complete line (without its LF).
JudgedLine JudgeLine(std::string_view line);

// Judges what was left without an LF when the stream ended: empty is right.
std::optional<Violation> JudgeTail(std::string_view pending);

// `bytes` for a message: printable, cut to `limit` characters, other bytes as \xNN.
std::string Excerpt(std::string_view bytes, std::size_t limit = 160);

}  // namespace touchstone
