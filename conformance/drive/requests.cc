#include "conformance/drive/requests.h"

#include "conformance/contract/shape.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {

using boost::json::object;

object RunRequest(std::string_view id, std::string_view session, std::string_view prompt) {
  return {{"protocol_version", 1}, {"type", "run"},    {"request_id", id},
          {"session_id", session}, {"prompt", prompt}, {"idempotency_key", "k-" + std::string(id)}};
}

object PingRequest(std::string_view id) {
  return {{"protocol_version", 1}, {"type", "ping"}, {"request_id", id}};
}

object CancelRequest(std::string_view id, std::string_view session, std::string_view target) {
  return {{"protocol_version", 1},
          {"type", "cancel"},
          {"request_id", id},
          {"session_id", session},
          {"target_request_id", target}};
}

std::string AsLine(const object& request) { return ToJson(request) + "\n"; }

bool IsAccepted(const Line& line, std::string_view id) {
  return line.Text("request_id") == id && line.Text("type") == "ack" &&
         line.Text("status") == "ACCEPTED";
}

bool IsAnswerTo(const Line& line, std::string_view id) {
  return line.Text("request_id") == id && line.Text("type") != "event" && !IsAccepted(line, id);
}

std::string StatusOf(const Line& line) {
  if (line.Text("type") == "error") return "REFUSED";
  if (auto status = line.Text("status")) return std::string(*status);
  const auto* ok = line.object() ? line.object()->if_contains("ok") : nullptr;
  if (ok && ok->is_bool()) return ok->get_bool() ? "OK" : "ERROR";
  return {};
}

std::string CodeOf(const Line& line) {
  if (auto code = line.Text("error_code")) return std::string(*code);
  const auto* error = line.object() ? line.object()->if_contains("error") : nullptr;
  const auto* code = error && error->is_object() ? StringAt(error->get_object(), "code") : nullptr;
  return code ? std::string(*code) : std::string();
}

std::string OutcomeOf(const Line& line) {
  const auto status = StatusOf(line);
  if (status == "REFUSED" || (status != "OK" && status != "PONG" && !CodeOf(line).empty()))
    return CodeOf(line);
  const auto* replayed = line.object() ? line.object()->if_contains("replayed") : nullptr;
  if (replayed && replayed->is_bool() && replayed->get_bool()) return status + " replayed";
  return status;
}

}  // namespace touchstone
