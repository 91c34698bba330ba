#include "conformance/golden/provider_did.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;
using provider::Call;

constexpr std::array<std::string_view, 22> kKeys = {
    // of all calls and connections
    "calls", "connections", "statuses", "spoke",
    // of one call
    "call", "rule", "path", "stream", "status", "headers", "body", "tail", "bytes", "body_bytes",
    "writes", "answered", "closed_by", "ended_with", "first_byte_ms", "took_ms", "since_last_ms",
    "longest_gap_ms"};
constexpr std::array<std::string_view, 4> kOfAll = {"calls", "connections", "statuses", "spoke"};

bool IsOfAll(std::string_view key) { return std::ranges::find(kOfAll, key) != kOfAll.end(); }

std::int64_t Milliseconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// When nothing more was said to the call: its last byte, or the end of its connection.
std::optional<std::chrono::steady_clock::time_point> EndOf(const Call& call) {
  return call.answered_at ? call.answered_at : call.closed_at;
}

bool AsksForAStream(const Call& call) {
  const auto* body = call.json ? call.json->if_object() : nullptr;
  const auto* stream = body ? body->if_contains("stream") : nullptr;
  return stream && stream->is_bool() && stream->get_bool();
}

// "fin", "reset", or "open": how the call's connection ended, whoever ended it.
std::string_view EndOfConnection(const Call& call, const provider::Snapshot& journal) {
  for (const auto& link : journal.links) {
    if (link.number != call.connection) continue;
    if (link.first_closer == provider::Closer::kNobody) return "open";
    return link.reset ? "reset" : "fin";
  }
  return "open";
}

// How the caller began: "tls" by its ClientHello, "http", "nothing", or "other".
std::string_view SpokenOn(const provider::Link& link, const provider::Snapshot& journal) {
  const auto& began = link.not_http;
  if (began.size() > 5 && began.starts_with("\x16\x03") && began[5] == 1) return "tls";
  if (!began.empty()) return "other";
  const bool called = std::ranges::any_of(
      journal.calls, [&](const Call& call) { return call.connection == link.number; });
  return called || link.received > 0 ? "http" : "nothing";
}

object FactsOfAll(const provider::Snapshot& journal) {
  boost::json::array statuses, spoke;
  for (const Call& call : journal.calls) statuses.push_back(call.status);
  for (const auto& link : journal.links) {
    const boost::json::string how(SpokenOn(link, journal));
    if (std::ranges::find(spoke, value(how)) == spoke.end()) spoke.push_back(value(how));
  }
  return {{"calls", static_cast<std::int64_t>(journal.calls.size())},
          {"connections", journal.connections},
          {"statuses", std::move(statuses)},
          {"spoke", std::move(spoke)}};
}

// A host that gives up early is proven to have met the beginning; no call at all proves nothing.
void CutToSameLength(value& wanted, value& actual) {
  if (!wanted.is_array()) return;
  auto& pattern = wanted.get_array();
  auto& list = actual.get_array();
  const auto size = std::max<std::size_t>(1, std::min(pattern.size(), list.size()));
  if (pattern.size() > size) pattern.resize(size);
  if (list.size() > size) list.resize(size);
}

// The response's header fields, as far as they are among the first bytes sent; names in lower case.
object SentHeaders(std::string_view head) {
  object headers;
  head = head.substr(0, head.find("\r\n\r\n"));
  for (auto end = head.find("\r\n"); end != std::string_view::npos; end = head.find("\r\n")) {
    head.remove_prefix(end + 2);
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto from = line.find_first_not_of(' ', colon + 1);
    headers[name] = from == std::string_view::npos ? std::string_view() : line.substr(from);
  }
  return headers;
}

// What of the body was sent, with its framing; of a long one the beginning.
std::string_view SentBody(const Call& call) {
  const std::string_view head = call.sent.head;
  const auto end = head.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : head.substr(end + 4);
}

// The longest time between two writes of the answer.
std::int64_t LongestGap(const Call& call) {
  std::int64_t longest = 0;
  const auto& progress = call.sent.progress;
  for (std::size_t i = 1; i < progress.size(); ++i)
    longest = std::max(longest, Milliseconds(progress[i].at - progress[i - 1].at));
  return longest;
}

std::optional<std::string> CallMismatch(const object& pattern, const provider::Snapshot& journal,
                                        std::size_t index, Captures& captures) {
  const Call& call = journal.calls[index];
  object facts = FactsOf(call, index > 0 ? &journal.calls[index - 1] : nullptr);
  facts["ended_with"] = EndOfConnection(call, journal);
  for (const auto& [key, wanted] : pattern) {
    if (IsOfAll(key) || key == "call") continue;
    if (const auto mismatch = Match(wanted, facts.if_contains(key), captures)) {
      return fmt::format("call {}'s {}: {}", call.number, std::string_view(key),
                         mismatch->ToString());
    }
  }
  return std::nullopt;
}

bool AsksAboutCalls(const object& pattern) {
  for (const auto& [key, ignored] : pattern) {
    if (!IsOfAll(key)) return true;
  }
  return false;
}

}  // namespace

std::span<const std::string_view> ProviderDidKeys() { return kKeys; }

std::optional<std::string> CheckWhichCall(const object& pattern) {
  const value* which = pattern.if_contains("call");
  if (!which || (which->is_int64() && which->get_int64() != 0)) return std::nullopt;
  if (which->is_string() && (which->get_string() == "any" || which->get_string() == "every"))
    return std::nullopt;
  return fmt::format("`call`: expected a number from 1 (or -1, the last), \"any\" or \"every\", {}",
                     "got " + ToJson(*which));
}

object FactsOf(const Call& call, const Call* before) {
  object facts{{"rule", call.rule},        {"status", call.status},
               {"bytes", call.bytes_sent}, {"stream", AsksForAStream(call)},
               {"path", call.path},        {"answered", call.answered},
               {"closed_by", "nobody"}};
  facts["headers"] = SentHeaders(call.sent.head);
  facts["body"] = SentBody(call);
  facts["tail"] = call.sent.tail;
  const auto header = call.sent.head.find("\r\n\r\n");
  facts["body_bytes"] = header == std::string::npos ? 0 : call.bytes_sent - header - 4;
  facts["writes"] = call.sent.progress.size();
  facts["longest_gap_ms"] = LongestGap(call);
  if (!call.sent.progress.empty())
    facts["first_byte_ms"] = Milliseconds(call.sent.progress.front().at - call.arrived_at);
  if (call.closed_at) facts["closed_by"] = call.closed_by_caller ? "caller" : "provider";
  if (const auto end = EndOf(call)) facts["took_ms"] = Milliseconds(*end - call.arrived_at);
  const auto end_before = before ? EndOf(*before) : std::nullopt;
  if (end_before) facts["since_last_ms"] = Milliseconds(call.arrived_at - *end_before);
  return facts;
}

namespace {

std::optional<std::string> OneMismatch(const object& pattern, const provider::Snapshot& journal,
                                       Captures& captures) {
  const auto size = static_cast<std::int64_t>(journal.calls.size());
  object of_all = FactsOfAll(journal);
  for (const auto key : kOfAll) {
    if (!pattern.contains(key)) continue;
    value wanted = pattern.at(key);
    if (key == "statuses" && size == 0) return "the provider was never called";
    if (key == "statuses") CutToSameLength(wanted, of_all.at(key));
    if (const auto mismatch = Match(wanted, of_all.if_contains(key), captures))
      return fmt::format("{}: {}", key, mismatch->ToString());
  }
  if (!AsksAboutCalls(pattern)) return std::nullopt;
  if (size == 0) return "the provider was never called";
  const value* which = pattern.if_contains("call");
  if (which && which->is_string()) {
    const bool every = which->get_string() == "every";
    std::optional<std::string> first;
    for (std::size_t i = 0; i < journal.calls.size(); ++i) {
      Captures scratch = captures;
      auto mismatch = CallMismatch(pattern, journal, i, scratch);
      if (!every && !mismatch) return std::nullopt;
      if (every && mismatch) return mismatch;
      if (!first) first = std::move(mismatch);
    }
    return every ? std::nullopt : std::optional("no call fits; " + *first);
  }
  const std::int64_t number = which ? which->get_int64() : -1;
  const std::int64_t index = number < 0 ? size + number : number - 1;
  if (index < 0 || index >= size) {
    return fmt::format("there is no call {}; the provider was called {} time(s)", number, size);
  }
  return CallMismatch(pattern, journal, static_cast<std::size_t>(index), captures);
}

}  // namespace

std::optional<std::string> DidMismatch(const value& patterns, const provider::Snapshot& journal,
                                       Captures& captures) {
  if (patterns.is_object()) return OneMismatch(patterns.get_object(), journal, captures);
  std::string none;
  for (const value& pattern : patterns.get_array()) {
    Captures scratch = captures;
    const auto mismatch = OneMismatch(pattern.get_object(), journal, scratch);
    if (!mismatch) {
      captures = std::move(scratch);
      return std::nullopt;
    }
    none += (none.empty() ? "neither " : "; nor ") + *mismatch;
  }
  return none;
}

}  // namespace touchstone
