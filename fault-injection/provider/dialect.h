// How one provider's API speaks: the bodies of answers and errors. Pure functions of a request and
// a rule; no I/O, no clock, no HTTP beyond headers.
//
// A new dialect is one file that implements Dialect, and one line in dialect.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fault-injection/provider/error_kind.h"
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

// An error to be said in the words of a service.
struct Refusal {
  int status = 500;
  std::optional<ErrorKind> kind;              // none: the usual one of the status
  std::string_view message;                   // "": the service's usual words
  std::optional<std::int64_t> retry_after_s;  // what the rule's Retry-After says, if it is seconds

  // `usual` is the service's own reading of a status.
  ErrorKind KindOr(ErrorKind (&usual)(int)) const { return kind ? *kind : usual(status); }
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual std::string_view name() const = 0;  // as `match.dialect` says it
  // How the paths of this API end.
  virtual std::span<const std::string_view> endings() const = 0;
  // Whether a POST to the path (no query) is a call of this API.
  bool Serves(std::string_view path) const {
    const auto all = endings();
    return std::any_of(all.begin(), all.end(), [&](auto ending) { return path.ends_with(ending); });
  }
  virtual Content Answer(const Request& request, const Respond& respond) const = 0;
  // The HTTP status that an error of the kind has.
  virtual int StatusOf(ErrorKind kind) const = 0;
  virtual Content Refuse(const Request& request, const Refusal& refusal) const = 0;
  // The event that says the error inside a stream that began with 200, framed as its others are.
  // `sequence` is how many events came before it.
  virtual std::string ErrorEvent(const Request& request, const Refusal& refusal,
                                 std::size_t sequence) const = 0;

  // The error body of a status; the service's usual words when the message is empty.
  Content Error(const Request& request, int status, std::string_view message) const {
    return Refuse(request, {.status = status, .kind = {}, .message = message, .retry_after_s = {}});
  }
};

// Null when none serves the path. The result lives as long as the program.
const Dialect* DialectOf(std::string_view path);

// How the paths of a dialect's calls end; "": of all dialects.
std::vector<std::string_view> PathEndings(std::string_view dialect);

// The paths that DialectOf() knows, for a person to read.
std::string_view KnownPaths();

// What an answer says when the rule does not: text or tool calls or neither.
std::string_view TextOrDefault(const Respond& respond);
// False for an answer of tool calls alone.
bool HasText(const Respond& respond);

std::string_view ModelOf(const Request& request);

// Cuts UTF-8 text between characters: a few characters each, 64 pieces at most; none for "".
std::vector<std::string_view> Pieces(std::string_view text);

// `event: TYPE`, then the data, as a server-sent event.
std::string NamedEvent(std::string_view type, std::string_view data);

// 2023-11-14T22:13:21Z, of seconds since 1970.
std::string Rfc3339(std::int64_t seconds);

}  // namespace touchstone::provider
