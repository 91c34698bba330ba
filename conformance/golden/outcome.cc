#include "conformance/golden/outcome.h"

#include "conformance/contract/shape.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

void Copy(const object& from, std::string_view key, object& to, std::string_view as) {
  if (const value* found = from.if_contains(key)) to[as] = *found;
}

object FromBridge(const object& line) {
  object outcome;
  for (std::string_view key : {"request_id", "session_id", "ok", "text", "usage", "replayed"})
    Copy(line, key, outcome, key);
  const value* code = line.if_contains("error_code");
  const value* message = line.if_contains("error_message");
  if (code && !code->is_null()) outcome["code"] = *code;
  if (message && !message->is_null()) outcome["message"] = *message;
  return outcome;
}

void CopyError(const object& line, object& outcome) {
  const value* error = line.if_contains("error");
  if (!error || !error->is_object()) return;
  for (std::string_view key : {"code", "message", "retryable"})
    Copy(error->get_object(), key, outcome, key);
}

}  // namespace

std::optional<object> NormaliseOutcome(Mode mode, const object& line) {
  if (mode == Mode::kBridge) return FromBridge(line);
  const auto* type = StringAt(line, "type");
  const auto* status = StringAt(line, "status");
  object outcome;
  for (std::string_view key : {"request_id", "session_id", "replayed"})
    Copy(line, key, outcome, key);
  outcome["refused"] = type && *type == "error";
  outcome["ok"] = false;
  outcome["text"] = "";
  outcome["usage"] = {{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}};
  if (!type || *type == "event") return std::nullopt;
  if (*type == "ack") {
    if (status && *status == "ACCEPTED") return std::nullopt;
    if (status && *status == "DUPLICATE_IN_PROGRESS")
      outcome["code"] = *status;
    else
      outcome["ok"] = true;
    return outcome;
  }
  if (*type == "final") {
    Copy(line, "text", outcome, "text");
    Copy(line, "usage", outcome, "usage");
    outcome["ok"] = status && *status == "OK";
    if (status && *status == "CANCELED") outcome["code"] = "CANCELED";
  }
  CopyError(line, outcome);
  return outcome;
}

}  // namespace touchstone
