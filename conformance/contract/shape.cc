#include "conformance/contract/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "conformance/contract/text.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

// code -> retryable, the table of §4.
const std::map<std::string_view, bool>& Codes() {
  static const std::map<std::string_view, bool> codes = {{"INVALID_REQUEST", false},
                                                         {"TIMEOUT", true},
                                                         {"PROVIDER_AUTH", false},
                                                         {"PROVIDER_RATE_LIMIT", true},
                                                         {"PROVIDER_DOWN", true},
                                                         {"INTERNAL", true},
                                                         {"BUSY", true}};
  return codes;
}

bool IsInteger(const value& v) { return v.is_int64() || v.is_uint64(); }
// `to_number` throws for an integer above 2^63, and the host chooses what it writes.
bool Is(const value& v, std::int64_t number) { return v.is_int64() && v.get_int64() == number; }
bool IsNonNegative(const value& v) { return v.is_uint64() || (v.is_int64() && v.get_int64() >= 0); }

// Collects violations of one line; each Need is one sentence of the contract.
class Judge {
 public:
  explicit Judge(const object& line) : line_(line) {}

  // True when `holds`; otherwise blames `requirement`, quoting the value at `key`.
  bool Need(bool holds, std::string_view requirement, std::string_view expected, const object& at,
            std::string_view key) {
    if (holds) return true;
    const value* got = at.if_contains(key);
    Blame(requirement, fmt::format("`{}` must be {}, got {}", key, expected,
                                   got ? Excerpt(ToJson(*got), 80) : std::string("no such field")));
    return false;
  }
  bool Need(bool holds, std::string_view requirement, std::string_view expected,
            std::string_view key) {
    return Need(holds, requirement, expected, line_, key);
  }
  void Blame(std::string_view requirement, std::string message) {
    violations_.push_back(
        {std::string(requirement), fmt::format("{}; line: {}", message, Excerpt(ToJson(line_)))});
  }

  template <typename Predicate>
  bool Has(const object& at, std::string_view key, Predicate predicate) const {
    const value* found = at.if_contains(key);
    return found != nullptr && predicate(*found);
  }
  template <typename Predicate>
  bool Has(std::string_view key, Predicate predicate) const {
    return Has(line_, key, predicate);
  }
  bool HasString(std::string_view key) const {
    return Has(key, [](const value& v) { return v.is_string(); });
  }
  bool IsOneOf(std::string_view key, std::initializer_list<std::string_view> words) const {
    const auto* text = StringAt(line_, key);
    return text && std::find(words.begin(), words.end(), std::string_view(*text)) != words.end();
  }

  void CommonFields();
  void Ack();
  void Event();
  void Final();
  void ErrorObject(const value& error);
  void Usage();
  void AnswerOfOk(std::string_view text);
  void Flat();

  std::vector<Violation> violations_;
  const object& line_;
};

void Judge::CommonFields() {
  Need(Has("protocol_version", [](const value& v) { return Is(v, 1); }), "RESP-01", "the integer 1",
       "protocol_version");
  Need(HasString("request_id"), "RESP-01", "a string", "request_id");
  Need(Has("session_id", [](const value& v) { return v.is_string() || v.is_null(); }), "RESP-01",
       "a string or null", "session_id");
  Need(Has("ts_ms", IsInteger), "RESP-01", "an integer (Unix milliseconds)", "ts_ms");
  Need(IsOneOf("type", {"ack", "event", "final", "error"}), "RESP-01", "ack, event, final or error",
       "type");
}

void Judge::Ack() {
  const bool known = IsOneOf(
      "status", {"PONG", "ACCEPTED", "CANCEL_ACCEPTED", "SESSION_CLOSED", "DUPLICATE_IN_PROGRESS"});
  if (!Need(known, "RESP-02", "one of the five ack statuses", "status")) return;
  const std::string_view status = *StringAt(line_, "status");
  if (status == "ACCEPTED") {
    Need(Has("request_ts_ms", [](const value& v) { return IsInteger(v) || v.is_null(); }),
         "RESP-02", "an integer or null", "request_ts_ms");
  }
  if (status == "CANCEL_ACCEPTED")
    Need(HasString("target_request_id"), "RESP-02", "a string", "target_request_id");
  if (status == "DUPLICATE_IN_PROGRESS") {
    Need(HasString("existing_request_id"), "RESP-02", "a string", "existing_request_id");
  }
}

void Judge::Event() {
  Need(HasString("event_type"), "RESP-02", "a string", "event_type");
  Need(Has("seq", IsInteger), "RESP-02", "an integer", "seq");
  const bool has_payload = Has("payload", [](const value& v) { return v.is_object(); });
  if (!Need(has_payload, "RESP-02", "an object", "payload")) return;
  const object& payload = line_.at("payload").get_object();
  for (std::string_view key : {"metadata", "arguments"}) {
    const value* found = payload.if_contains(key);
    Need(found == nullptr || found->is_object(), "RESP-02", "an object", payload, key);
  }
}

void Judge::Usage() {
  const value* usage = line_.if_contains("usage");
  if (!usage || !usage->is_object()) return;  // its absence is RESP-02's or BRIDGE-01's
  const object& fields = usage->get_object();
  bool sound = true;
  for (std::string_view key : {"prompt_tokens", "completion_tokens", "total_tokens"}) {
    sound &=
        Need(Has(fields, key, IsNonNegative), "RESP-05", "an integer of at least 0", fields, key);
  }
  if (!sound) return;
  const auto count = [&](std::string_view key) {
    return fields.at(key).to_number<std::uint64_t>();
  };
  const auto prompt = count("prompt_tokens"), total = count("total_tokens");
  Need(prompt <= total && total - prompt == count("completion_tokens"), "RESP-05",
       "the sum of prompt_tokens and completion_tokens", fields, "total_tokens");
}

void Judge::ErrorObject(const value& error) {
  if (!error.is_object()) return;
  const object& fields = error.get_object();
  const auto* code = StringAt(fields, "code");
  const bool known = code && Codes().contains(std::string_view(*code));
  Need(known, "RESP-03", "one of the seven error codes", fields, "code");
  const auto* message = StringAt(fields, "message");
  Need(message && !message->empty(), "RESP-03", "a string that is not empty", fields, "message");
  if (!known) return;
  const bool retryable = Codes().at(std::string_view(*code));
  Need(Has(fields, "retryable",
           [&](const value& v) { return v.is_bool() && v.get_bool() == retryable; }),
       "RESP-03", fmt::format("{} for {}", retryable, std::string_view(*code)), fields,
       "retryable");
  if (*code == "BUSY") {
    Need(Has(fields, "http_status", [](const value& v) { return Is(v, 429); }), "RESP-02",
         "429 on BUSY", fields, "http_status");
  }
}

void Judge::AnswerOfOk(std::string_view text) {
  Need(!IsBlank(text), "RESP-06", "the provider's answer, not blank, on success", "text");
  const value* usage = line_.if_contains("usage");
  if (!usage || !usage->is_object()) return;
  Need(!Has(usage->get_object(), "total_tokens", [](const value& v) { return Is(v, 0); }),
       "RESP-06", "at least 1 on success (an estimate when the provider sends none)",
       usage->get_object(), "total_tokens");
}

void Judge::Final() {
  Need(HasString("text"), "RESP-02", "a string", "text");
  Need(Has("usage", [](const value& v) { return v.is_object(); }), "RESP-02", "an object", "usage");
  Need(
      Has("latency_ms", [](const value& v) { return v.is_number() && v.to_number<double>() >= 0; }),
      "RESP-02", "a number of at least 0", "latency_ms");
  const value* replayed = line_.if_contains("replayed");
  Need(!replayed || replayed->is_bool(), "RESP-02", "a boolean, on a replay only", "replayed");
  const value* error = line_.if_contains("error");
  const bool error_fits = error && (error->is_null() || error->is_object());
  Need(error_fits, "RESP-02", "null or an object", "error");
  Usage();
  if (error) ErrorObject(*error);
  if (!Need(IsOneOf("status", {"OK", "ERROR", "TIMEOUT", "CANCELED"}), "RESP-02",
            "OK, ERROR, TIMEOUT or CANCELED", "status")) {
    return;
  }
  const std::string_view status = *StringAt(line_, "status");
  if (status == "OK")
    AnswerOfOk(StringAt(line_, "text") ? std::string_view(*StringAt(line_, "text")) : "");
  if (!error_fits) return;
  const auto* code = error->is_object() ? StringAt(error->get_object(), "code") : nullptr;
  if (status == "OK" || status == "CANCELED") {
    Need(error->is_null(), "RESP-04", fmt::format("null with status {}", status), "error");
  } else if (status == "TIMEOUT") {
    Need(code && *code == "TIMEOUT", "RESP-04", "an error with code TIMEOUT with status TIMEOUT",
         "error");
  } else {
    Need(error->is_object() && !(code && *code == "TIMEOUT"), "RESP-04",
         "an error object with another code than TIMEOUT with status ERROR", "error");
  }
}

void Judge::Flat() {
  const auto string_or_null = [](const value& v) { return v.is_string() || v.is_null(); };
  bool shaped = true;
  shaped &=
      Need(Has("ok", [](const value& v) { return v.is_bool(); }), "BRIDGE-01", "a boolean", "ok");
  for (std::string_view key : {"request_id", "session_id", "text"}) {
    shaped &= Need(HasString(key), "BRIDGE-01", "a string", key);
  }
  for (std::string_view key : {"error_code", "error_message"}) {
    shaped &= Need(Has(key, string_or_null), "BRIDGE-01", "a string or null", key);
  }
  shaped &= Need(Has("usage", [](const value& v) { return v.is_object(); }), "BRIDGE-01",
                 "an object", "usage");
  Need(!line_.contains("type"), "BRIDGE-01", "absent in the flat shape", "type");
  const value* replayed = line_.if_contains("replayed");
  Need(!replayed || (replayed->is_bool() && replayed->get_bool()), "BRIDGE-01",
       "true, on a replay only", "replayed");
  Usage();
  if (!shaped) return;
  const bool ok = line_.at("ok").get_bool();
  const auto* code = StringAt(line_, "error_code");
  const auto* message = StringAt(line_, "error_message");
  if (ok) {
    Need(line_.at("error_code").is_null(), "BRIDGE-02", "null when ok is true", "error_code");
    Need(line_.at("error_message").is_null(), "BRIDGE-02", "null when ok is true", "error_message");
  } else {
    Need(StringAt(line_, "text")->empty(), "BRIDGE-02", "empty when ok is false", "text");
    Need(code && Codes().contains(std::string_view(*code)), "BRIDGE-02",
         "one of the seven codes when ok is false", "error_code");
    Need(message && !message->empty(), "BRIDGE-02", "a string that is not empty when ok is false",
         "error_message");
  }
}

}  // namespace

const boost::json::string* StringAt(const object& object, std::string_view key) {
  const value* found = object.if_contains(key);
  return found ? found->if_string() : nullptr;
}

std::vector<Violation> JudgeShape(Mode mode, const object& line) {
  Judge judge(line);
  if (mode == Mode::kBridge) {
    judge.Flat();
  } else if (mode != Mode::kNone) {
    judge.CommonFields();
    const auto* type = StringAt(line, "type");
    if (type && *type == "ack") judge.Ack();
    if (type && *type == "event") judge.Event();
    if (type && *type == "final") judge.Final();
    if (type && *type == "error") {
      const value* error = line.if_contains("error");
      judge.Need(error && error->is_object(), "RESP-02", "an object", "error");
      if (error) judge.ErrorObject(*error);
    }
  }
  return std::move(judge.violations_);
}

}  // namespace touchstone
