#include "conformance/scenario/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "conformance/contract/shape.h"
#include "conformance/golden/provider_did.h"
#include "conformance/golden/provider_view.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using provider::Call;

std::string Text(const object& line, std::string_view key) {
  const auto* text = StringAt(line, key);
  return text ? std::string(*text) : std::string();
}

std::string Quote(std::string_view text) { return fmt::format("\"{}\"", Excerpt(text, 160)); }

std::string RequestInWords(const object& line) {
  std::string words = Text(line, "type");
  if (line.contains("prompt")) words += " " + Quote(Text(line, "prompt"));
  words += fmt::format(" (request {}", Text(line, "request_id"));
  if (line.contains("session_id")) words += ", session " + Text(line, "session_id");
  if (const auto* ms = line.if_contains("timeout_ms"))
    words += fmt::format(", at most {} ms", ToJson(*ms));
  return words + ")";
}

std::string FlatInWords(const object& line) {
  const auto* ok = line.if_contains("ok");
  if (ok->is_bool() && ok->get_bool()) return "ok " + Quote(Text(line, "text"));
  return fmt::format("not ok: {} {}", Text(line, "error_code"), Quote(Text(line, "error_message")));
}

std::string ResponseInWords(const object& line) {
  std::string words = fmt::format("{} {}", Text(line, "type"), Text(line, "status"));
  const auto* error = line.if_contains("error");
  if (error && error->is_object()) {
    const auto& fields = error->get_object();
    words += fmt::format(" {} {}", Text(fields, "code"), Quote(Text(fields, "message")));
  } else if (line.contains("text")) {
    words += " " + Quote(Text(line, "text"));
  }
  if (line.contains("event_type")) words += Text(line, "event_type");
  return words + fmt::format(" (request {})", Text(line, "request_id"));
}

std::string ArrivalInWords(const Call& call) {
  std::string words = fmt::format("call {}: {} {}", call.number, call.method, call.path);
  const auto turns = TurnsOf(call);
  if (!turns.empty()) {
    const auto& last = turns.back().get_array();
    words +=
        fmt::format(", {} {}", std::string_view(last[0].get_string()), Quote(last[1].get_string()));
  }
  return words + fmt::format(", {} bytes", call.body.size());
}

std::string SentInWords(const Call& call) {
  if (call.bytes_sent == 0) return "nothing";
  return fmt::format("{}, {} bytes on the wire", call.status, call.bytes_sent);
}

void AddCall(const Call& call, const Record& record, std::vector<Moment>& moments) {
  const auto ms = [&](auto at) {
    return std::chrono::duration<double, std::milli>(at - record.started).count();
  };
  moments.push_back({ms(call.arrived_at), "host", "provider", ArrivalInWords(call)});
  const std::string by = call.rule >= 0 ? fmt::format(" (rule [{}])", call.rule)
                                        : "; NO RULE MATCHES: " + call.near_miss;
  const std::string whole = call.answered ? "" : ", and the answer is not complete";
  if (call.answered_at) {
    const std::string end =
        call.closed_at && !call.closed_by_caller ? ", then it ends the connection" : "";
    moments.push_back({ms(*call.answered_at), "provider", "host",
                       fmt::format("call {}: {}{}{}", call.number, SentInWords(call), end, by)});
  } else if (call.closed_at) {
    const auto* who = call.closed_by_caller ? "host" : "provider";
    moments.push_back({ms(*call.closed_at), who, call.closed_by_caller ? "provider" : "host",
                       fmt::format("closes call {}: until now it got {}{}{}", call.number,
                                   SentInWords(call), whole, by)});
  } else {
    moments.push_back(
        {ms(call.arrived_at), "provider", "host",
         fmt::format("call {}: {}, still open{}", call.number, SentInWords(call), by)});
  }
}

}  // namespace

std::string InWords(std::string_view line) {
  const auto json = ParseStrict(line);
  if (!json || !json->is_object()) return Quote(line);
  const auto& fields = json->get_object();
  if (fields.contains("ok")) return FlatInWords(fields);
  if (fields.contains("status") || fields.contains("error") || fields.contains("event_type"))
    return ResponseInWords(fields);
  return RequestInWords(fields);
}

std::vector<Moment> TimelineOf(const Record& record) {
  std::vector<Moment> moments;
  for (const auto& entry : record.lines) {
    const double ms = std::chrono::duration<double, std::milli>(entry.at - record.started).count();
    std::string_view text = entry.text;
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (entry.what == "in")
      moments.push_back({ms, "caller", entry.who, InWords(text)});
    else if (entry.what == "out")
      moments.push_back({ms, entry.who, "caller", InWords(text)});
    else if (entry.what == "note" || entry.what == "FAIL")
      moments.push_back({ms, entry.who, "", std::string(text)});
  }
  for (const Call& call : record.provider.calls) AddCall(call, record, moments);
  std::ranges::stable_sort(moments, {}, &Moment::ms);
  return moments;
}

std::string FormatTimeline(const std::vector<Moment>& moments) {
  std::string text;
  for (const auto& moment : moments) {
    text += fmt::format("{:>9.1f} ms  {:<8} {} {:<8}  {}\n", moment.ms, moment.from,
                        moment.to.empty() ? " " : "→", moment.to, moment.what);
  }
  return text;
}

}  // namespace touchstone
