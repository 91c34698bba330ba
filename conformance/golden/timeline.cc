#include "conformance/golden/timeline.h"

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
    // "final TIMEOUT TIMEOUT" says it twice.
    if (Text(fields, "code") != Text(line, "status")) words += " " + Text(fields, "code");
    words += " " + Quote(Text(fields, "message"));
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

// The status, and what a fault may hide in the header.
std::string StatusInWords(const Call& call) {
  std::string words = fmt::format("{}", call.status);
  const auto headers = FactsOf(call, nullptr).at("headers").get_object();
  for (const char* name : {"retry-after", "location"}) {
    if (const auto* text = headers.if_contains(name))
      words += fmt::format(", {}: {}", name, std::string_view(text->get_string()));
  }
  const auto* type = headers.if_contains("content-type");
  if (type && !type->get_string().starts_with("application/json"))
    words += fmt::format(", {}", std::string_view(type->get_string()));
  return words;
}

std::string SentInWords(const Call& call) {
  if (call.bytes_sent == 0) return "nothing";
  return fmt::format("{}, {} bytes on the wire", StatusInWords(call), call.bytes_sent);
}

const provider::Link* LinkOf(const Call& call, const provider::Snapshot& journal) {
  const auto found = std::ranges::find(journal.links, call.connection, &provider::Link::number);
  return found == journal.links.end() ? nullptr : &*found;
}

using Clock = std::chrono::steady_clock;

double MsBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// The beginning of an answer that took its time, and the end of one that then fell silent.
constexpr double kAPauseMs = 50;

void AddAnswer(const Call& call, const Record& record, std::vector<Moment>& moments) {
  const auto ms = [&](auto at) { return MsBetween(record.started, at); };
  const std::string by = call.rule >= 0 ? fmt::format(" (rule [{}])", call.rule)
                                        : "; NO RULE MATCHES: " + call.near_miss;
  const auto end = call.answered_at ? call.answered_at : call.closed_at;
  const auto& writes = call.sent.progress;
  const bool slow = end && !writes.empty() && MsBetween(writes.front().at, *end) > kAPauseMs;
  if (slow) {
    moments.push_back({ms(writes.front().at), "provider", "host",
                       fmt::format("call {}: begins with {}, {} bytes", call.number,
                                   StatusInWords(call), writes.front().bytes)});
  }
  const std::string in_writes =
      slow && writes.size() > 1 ? fmt::format(" in {} writes", writes.size()) : "";
  if (call.answered_at) {
    const provider::Link* link = LinkOf(call, record.provider);
    std::string then;
    if (call.closed_at && !call.closed_by_caller)
      then = link && link->reset ? ", then resets the connection (RST)"
                                 : ", then ends the connection (FIN)";
    moments.push_back(
        {ms(*end), "provider", "host",
         fmt::format("call {}: {}{}{}{}", call.number, SentInWords(call), in_writes, then, by)});
  } else if (call.closed_at) {
    const std::string silent =
        writes.empty() ? ""
                       : fmt::format(", the last {:.0f} ms ago", MsBetween(writes.back().at, *end));
    const auto* who = call.closed_by_caller ? "host" : "provider";
    moments.push_back(
        {ms(*end), who, call.closed_by_caller ? "provider" : "host",
         fmt::format("closes call {}: until now it got {}{}{}, and the answer is not complete{}",
                     call.number, SentInWords(call), in_writes, silent, by)});
  } else {
    moments.push_back(
        {ms(call.arrived_at), "provider", "host",
         fmt::format("call {}: {}, still open{}", call.number, SentInWords(call), by)});
  }
}

void AddCall(const Call& call, const Record& record, std::vector<Moment>& moments) {
  moments.push_back(
      {MsBetween(record.started, call.arrived_at), "host", "provider", ArrivalInWords(call)});
  AddAnswer(call, record, moments);
}

// Of a connection on which nothing was asked, else its calls tell.
void AddLink(const provider::Link& link, const Record& record, std::vector<Moment>& moments) {
  if (link.not_http.empty()) return;
  const bool tls = link.not_http.starts_with("\x16\x03");
  const double ms = MsBetween(record.started, link.opened_at);
  moments.push_back({ms, "host", "provider",
                     fmt::format("connection {}: {}", link.number,
                                 tls ? "begins a TLS handshake" : "sends what is no HTTP")});
  moments.push_back({ms, "provider", "host",
                     fmt::format("connection {}: answers 400 in plain HTTP, {} bytes, and ends it",
                                 link.number, link.sent)});
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
  for (const auto& link : record.provider.links) AddLink(link, record, moments);
  for (const Call& call : record.provider.calls) AddCall(call, record, moments);
  std::ranges::stable_sort(moments, {}, &Moment::ms);
  return moments;
}

std::vector<Moment> Shorten(std::vector<Moment> moments) {
  constexpr std::ptrdiff_t kFirst = 40, kLast = 60;
  const auto dropped = std::ssize(moments) - kFirst - kLast;
  if (dropped <= 1) return moments;
  const auto begin = moments.begin() + kFirst, end = begin + dropped;
  Moment remark{begin->ms, "judge", "", fmt::format("({} more moments are left out)", dropped)};
  moments.insert(moments.erase(begin, end), std::move(remark));
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
