// The rules of the mock provider: how it answers which call. The language is defined in
// docs/write-a-case.md, "Provider rules"; ParseRules() accepts that and nothing else.
//
// Plain values: no thread, no I/O, nothing here knows HTTP or a dialect.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace touchstone::provider {

// Where the error is, seen from the list of rules: "[1].respond.hang"; "" is the list itself.
struct RuleError {
  std::string path;
  std::string message;  // what was expected, what came
};

// How much of an answer is on the wire before a fault strikes. kInBody is half of the body.
enum class Place { kNone, kBeforeHeaders, kAfterHeaders, kInBody };

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // the exact string sent, JSON or not
  bool operator==(const ToolCall&) const = default;
};

struct Usage {
  std::int64_t prompt_tokens = 7;
  std::int64_t completion_tokens = 3;
  bool operator==(const Usage&) const = default;
};

struct Match {
  std::optional<std::string> text;   // occurs in the last user message
  std::optional<std::string> model;  // equals the request's model
  std::optional<int> call;           // the lane's n-th call, 1 is the first
};

// All `respond` keys. A default Respond is the answer "mock answer".
struct Respond {
  // What the assistant says. Neither text nor tool_calls: "mock answer".
  std::optional<std::string> text;
  std::vector<ToolCall> tool_calls;
  std::optional<Usage> usage = Usage{};  // nullopt: none is sent
  std::optional<std::string> finish_reason;

  // What HTTP says.
  std::optional<int> status;  // 200..599; without a body the provider's own error body for it
  std::vector<std::pair<std::string, std::string>> headers;  // one of ours is replaced by these
  std::shared_ptr<const std::string> body;                   // the exact body; null: none given
  std::optional<std::string> content_type;
  std::optional<std::uint64_t> content_length;  // claimed; the connection ends after the body
  bool chunked = false;

  // When, and how far. At most one of hang, close, reset and endless is set.
  std::optional<std::string> hold;  // first until released under this name, then the delay
  std::int64_t delay_ms = 0;
  Place hang = Place::kNone;   // silence, until the caller closes
  Place close = Place::kNone;  // FIN
  Place reset = Place::kNone;  // RST
  bool endless = false;
};

struct Rule {
  Match match;
  std::optional<int> times;  // serves so many calls, then is passed over
  Respond respond;
};

// Strict: an unknown key, a wrong type, an impossible number and keys that contradict each other
// are errors. A body expands to 256 MiB at most.
tl::expected<std::vector<Rule>, RuleError> ParseRules(const boost::json::value& rules);

}  // namespace touchstone::provider
