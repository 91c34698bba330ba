// How one provider's API speaks: the bodies of answers and errors. Pure functions of a request and
// a rule; no I/O, no HTTP beyond a content type.
//
// A new dialect is one file that implements Dialect, and one line in dialect.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fault-injection/provider/request.h"
#include "fault-injection/provider/rule.h"

namespace touchstone::provider {

// A response without its framing.
struct Content {
  std::string type;                                          // "" sends no Content-Type
  std::vector<std::pair<std::string, std::string>> headers;  // the request id and the like
  // The body. One piece; or when streamed one per event, the last of them the end marker.
  std::vector<std::string> pieces;
  bool streamed = false;
  std::string filler = " ";  // what an endless body repeats after its pieces
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual std::string_view name() const = 0;
  // Whether a POST to the path (no query) is a call of this API.
  virtual bool Serves(std::string_view path) const = 0;
  virtual Content Answer(const Request& request, const Respond& respond) const = 0;
  // The error body of a status; the service's usual words when the message is empty.
  virtual Content Error(const Request& request, int status, std::string_view message) const = 0;
  // The event that tells the error of a status inside a stream that began with 200.
  virtual std::string ErrorEvent(const Request& request, int status) const;
};

// Null when none serves the path. The result lives as long as the program.
const Dialect* DialectOf(std::string_view path);

// What an answer says when the rule does not: text or tool calls or neither.
std::string_view TextOrDefault(const Respond& respond);

// Cuts UTF-8 text between characters: a few characters each, 64 pieces at most; none for "".
std::vector<std::string_view> Pieces(std::string_view text);

}  // namespace touchstone::provider
