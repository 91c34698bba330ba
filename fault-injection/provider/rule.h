// The rules of the mock provider: how it answers which call. The language is defined in
// docs/provider-rules.md; ParseRules() accepts that and nothing else.
//
// Plain values: no thread, no I/O, nothing here knows HTTP or a dialect.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "fault-injection/provider/error_kind.h"
#include "fault-injection/provider/wait.h"

namespace touchstone::provider {

// Where the error is, seen from the list of rules: "[1].respond.hang"; "" is the list itself.
struct RuleError {
  std::string path;
  std::string message;  // what was expected, what came
};

// How much of an answer is on the wire before a fault strikes. kInHeaders is half of the header,
// kInBody half of the body, kMidStream some chunks, kBeforeEndMarker all but the last of them.
enum class Place {
  kNone,
  kBeforeHeaders,
  kInHeaders,
  kAfterHeaders,
  kInBody,
  kMidStream,
  kBeforeEndMarker,
};

enum class CutUtf8 { kNone, kBetweenChunks, kForGood };

// Of the body so many bytes at a time.
struct Drip {
  std::int64_t bytes = 1;
  std::int64_t every_ms = 1000;
  bool operator==(const Drip&) const = default;
};

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

// Of the calls that the rule's other conditions admit: every N-th, or the n-th of a range.
struct RuleCall {
  int from = 1;
  int to = std::numeric_limits<int>::max();
  int every = 1;
  bool operator==(const RuleCall&) const = default;
};

// All that is set must hold.
struct Match {
  std::optional<std::string> text;      // occurs in the last user message
  std::optional<std::string> any_text;  // occurs in any message
  std::optional<std::string> model;     // equals the request's model
  std::optional<int> call;              // the lane's n-th call, 1 is the first
  std::optional<RuleCall> rule_call;
  std::optional<std::string> dialect;
  std::optional<std::string> path;  // glob; without the lane's prefix, and the query if it has no ?
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case name, glob of a value
  int turns_from = 0;                                        // messages but system ones
  int turns_to = std::numeric_limits<int>::max();
  std::optional<bool> stream;
  std::optional<bool> tools;
  bool operator==(const Match&) const = default;
};

// All `respond` keys. A default Respond is the answer "mock answer".
struct Respond {
  // What the assistant says. Neither text nor tool_calls: "mock answer".
  std::optional<std::string> text;
  std::vector<ToolCall> tool_calls;
  std::optional<Usage> usage = Usage{};  // nullopt: none is sent
  std::optional<std::string> finish_reason;

  // What HTTP says.
  std::optional<int> status;       // 200..599; without a body the provider's own error body for it
  std::optional<ErrorKind> error;  // that error of the dialect, with its status
  std::vector<std::pair<std::string, std::string>> headers;  // one of ours is replaced by these
  std::shared_ptr<const std::string> body;                   // the exact body; null: none given
  std::optional<std::string> content_type;
  std::optional<std::uint64_t> content_length;  // claimed; the connection ends after the body
  bool chunked = false;

  // When, and how far. At most one of hang, close, reset and endless is set.
  std::optional<std::string> hold;  // first until released under this name, then the delay
  Wait delay_ms;
  Wait first_token_ms;        // between header and body
  Wait gap_ms;                // between two chunks
  std::int64_t pings_ms = 0;  // fills hang, first_token and gap with the dialect's pings
  std::optional<Drip> drip;
  int after_chunks = 1;        // of kMidStream and error_event
  Place hang = Place::kNone;   // silence, until the caller closes
  Place close = Place::kNone;  // FIN
  Place reset = Place::kNone;  // RST
  bool endless = false;

  // What is wrong with the body: see mangle.h.
  bool bad_chunk = false;  // a chunk's size that is no number; FIN
  CutUtf8 cut_utf8 = CutUtf8::kNone;
  bool malformed_event = false;
  std::optional<int> error_event;  // the status whose error the stream ends with
  int duplicate_chunk = 0;         // the n-th comes twice; 0: none
  int swap_chunks = 0;             // the n-th comes after the next; 0: none
  bool gzip = false;
};

// The lane's state before a rule has led anywhere.
inline constexpr std::string_view kFirstState = "Started";

// Counted from when the rules were set, or from their first call.
struct During {
  std::int64_t from_ms = 0;
  std::optional<std::int64_t> to_ms;  // exclusive
  bool since_first_call = false;
};

struct Rule {
  Match match;
  std::optional<int> times;           // serves so many calls, then is passed over
  std::optional<double> probability;  // drawn for each call that all else admits
  std::optional<During> during;
  std::optional<std::int64_t> after_ms;  // from the first pause of that length between two calls
  std::optional<std::int64_t> until_ms;  // before that pause
  std::optional<std::string> state;      // the lane must be in
  std::optional<std::string> then;       // the lane's state after this rule has served
  Respond respond;
  std::shared_ptr<const boost::json::value> source;  // what it was read from; null: made in C++
};

// Strict: an unknown key, a wrong type, an impossible number, keys that contradict each other and a
// rule that can never match are errors. A body expands to 256 MiB at most.
tl::expected<std::vector<Rule>, RuleError> ParseRules(const boost::json::value& rules);

}  // namespace touchstone::provider
