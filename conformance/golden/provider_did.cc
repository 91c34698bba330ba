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

constexpr std::array<std::string_view, 14> kKeys = {
    "calls",   "connections",   "call",       "rule",          "status",
    "bytes",   "stream",        "path",       "answered",      "closed_by",
    "took_ms", "since_last_ms", "ended_with", "longest_gap_ms"};

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
    if (key == "calls" || key == "connections" || key == "call") continue;
    if (const auto mismatch = Match(wanted, facts.if_contains(key), captures)) {
      return fmt::format("call {}'s {}: {}", call.number, std::string_view(key),
                         mismatch->ToString());
    }
  }
  return std::nullopt;
}

bool AsksAboutCalls(const object& pattern) {
  for (const auto& [key, ignored] : pattern) {
    if (key != "calls" && key != "connections") return true;
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
  facts["longest_gap_ms"] = LongestGap(call);
  if (call.closed_at) facts["closed_by"] = call.closed_by_caller ? "caller" : "provider";
  if (const auto end = EndOf(call)) facts["took_ms"] = Milliseconds(*end - call.arrived_at);
  const auto end_before = before ? EndOf(*before) : std::nullopt;
  if (end_before) facts["since_last_ms"] = Milliseconds(call.arrived_at - *end_before);
  return facts;
}

std::optional<std::string> DidMismatch(const object& pattern, const provider::Snapshot& journal,
                                       Captures& captures) {
  const auto size = static_cast<std::int64_t>(journal.calls.size());
  const std::pair<std::string_view, std::int64_t> counts[] = {{"calls", size},
                                                              {"connections", journal.connections}};
  for (const auto& [key, count] : counts) {
    const value* wanted = pattern.if_contains(key);
    const value actual(count);
    if (!wanted) continue;
    if (const auto mismatch = Match(*wanted, &actual, captures))
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

}  // namespace touchstone
