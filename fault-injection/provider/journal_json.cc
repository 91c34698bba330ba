#include "fault-injection/provider/journal_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "fault-injection/provider/rule_text.h"
#include "fault-injection/provider/secrets.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;
using Time = std::chrono::steady_clock::time_point;

// Text as it is; bytes that are no UTF-8 as {"hex":"…"}.
json::value Bytes(std::string_view bytes) {
  if (IsUtf8(bytes)) return json::string(bytes);
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return {{"hex", hex}};
}

// Whole microseconds: Boost.JSON would write a fraction of milliseconds as 7.12189E2.
std::int64_t Us(Time at, Time start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at - start).count();
}

json::object Headers(const Call& call) {
  json::object headers;
  for (const auto& [name, value] : call.headers) {
    const json::value shown =
        IsSecretHeader(name) ? json::value(kInsteadOfKey) : Bytes(WithoutKeys(call, value));
    if (json::value* const former = headers.if_contains(name)) {  // given twice: a list
      if (!former->is_array()) *former = json::array{*former};
      former->get_array().push_back(shown);
    } else {
      headers[name] = shown;
    }
  }
  return headers;
}

std::string_view NameOf(Closer closer) {
  if (closer == Closer::kNobody) return "nobody";
  return closer == Closer::kCaller ? "caller" : "provider";
}

std::string_view EndOf(const Call& call) {
  if (call.answered) return call.closed_at ? "answered and closed" : "answered";
  if (call.closed_by_caller) return "closed by the caller";
  return call.closed_at ? "aborted" : "open";
}

}  // namespace

std::string CallJson(const Call& call, Times times, Time start) {
  json::object line{{"call", call.number},      {"connection", call.connection},
                    {"dialect", call.dialect},  {"state", call.state},
                    {"method", call.method},    {"path", Bytes(PathWithoutKeys(call))},
                    {"headers", Headers(call)}, {"body", Bytes(WithoutKeys(call, call.body))},
                    {"rule", call.rule}};
  if (!call.near_miss.empty()) line["near_miss"] = Bytes(WithoutKeys(call, call.near_miss));
  line["status"] = call.status;
  line["end"] = EndOf(call);
  line["sent_bytes"] = call.sent.bytes;
  line["sent_head"] = Bytes(WithoutKeys(call, call.sent.head, CutEnd::kBack));
  line["sent_tail"] = Bytes(WithoutKeys(call, call.sent.tail, CutEnd::kFront));
  if (times == Times::kShown) {
    json::array progress;
    for (const Progress& p : call.sent.progress) {
      progress.push_back(json::array{p.bytes, Us(p.at, start)});
    }
    json::object at{{"arrived_us", Us(call.arrived_at, start)}};
    if (call.answered_at) at["answered_us"] = Us(*call.answered_at, start);
    if (call.closed_at) at["closed_us"] = Us(*call.closed_at, start);
    at["progress"] = std::move(progress);
    line["times"] = std::move(at);
  }
  return json::serialize(line);
}

std::string LinkJson(const Link& link, Times times, Time start) {
  json::object line{{"connection", link.number}, {"closed_first_by", NameOf(link.first_closer)}};
  if (link.first_closer != Closer::kNobody) line["with"] = link.reset ? "RST" : "FIN";
  line["received_bytes"] = link.received;
  line["sent_bytes"] = link.sent;
  if (!link.not_http.empty()) line["not_http"] = Bytes(link.not_http);
  if (times == Times::kShown) {
    json::object at{{"opened_us", Us(link.opened_at, start)}};
    if (link.closed_at) at["closed_us"] = Us(*link.closed_at, start);
    line["times"] = std::move(at);
  }
  return json::serialize(line);
}

std::string JournalJson(const Snapshot& journal, Times times) {
  std::string lines;
  for (const Call& call : journal.calls) {
    lines += CallJson(call, times, journal.started_at) + "\n";
  }
  for (const Link& link : journal.links) {
    lines += LinkJson(link, times, journal.started_at) + "\n";
  }
  return lines;
}

}  // namespace touchstone::provider
