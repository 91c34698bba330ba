#include "conformance/golden/provider_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "conformance/contract/shape.h"
#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

bool IsToolResult(const value& part) {
  const auto* fields = part.if_object();
  const auto* type = fields ? StringAt(*fields, "type") : nullptr;
  return type && *type == "tool_result";
}

// A message's text: a string, or the text parts of a list.
std::string ContentText(const value* content) {
  if (!content) return {};
  if (content->is_string()) return std::string(content->get_string());
  std::string text;
  if (content->is_array()) {
    for (const auto& part : content->get_array()) {
      const auto* piece = part.is_object() ? StringAt(part.get_object(), "text") : nullptr;
      if (piece) text += *piece;
    }
  }
  return text;
}

const provider::Call* Selected(const object& pattern, const provider::Snapshot& journal) {
  const value* which = pattern.if_contains("call");
  const std::int64_t number = which && which->is_int64() ? which->get_int64() : -1;
  const auto size = static_cast<std::int64_t>(journal.calls.size());
  const std::int64_t index = number < 0 ? size + number : number - 1;
  return index >= 0 && index < size ? &journal.calls[static_cast<std::size_t>(index)] : nullptr;
}

std::int64_t CountOpen(const provider::Snapshot& journal) {
  return std::count_if(journal.calls.begin(), journal.calls.end(),
                       [](const auto& call) { return !call.answered && !call.closed_at; });
}

std::int64_t CountClosed(const provider::Snapshot& journal) {
  return std::count_if(journal.calls.begin(), journal.calls.end(),
                       [](const auto& call) { return call.closed_by_caller; });
}

std::optional<std::string> Differs(std::string_view what, const value& pattern, const value& actual,
                                   Captures& captures) {
  const auto mismatch = Match(pattern, &actual, captures);
  return mismatch ? std::optional(fmt::format("{}: {}", what, mismatch->ToString())) : std::nullopt;
}

object HeadersOf(const provider::Call& call) {
  object headers;
  for (const auto& [name, text] : call.headers) headers[name] = text;
  return headers;
}

std::optional<std::string> DiffersInCall(const std::string& key, const value& wanted,
                                         const provider::Call& call, Captures& captures) {
  const auto what = fmt::format("call {}'s {}", call.number, key);
  if (key == "turns") return Differs(what, wanted, TurnsOf(call), captures);
  if (key == "body")
    return Differs(what, wanted, call.json ? *call.json : value(boost::json::string(call.body)),
                   captures);
  if (key == "headers") return Differs(what, wanted, HeadersOf(call), captures);
  if (key == "method")
    return Differs(what, wanted, value(boost::json::string(call.method)), captures);
  return Differs(what, wanted, value(boost::json::string(call.path)), captures);
}

// `contains` and `lacks` look at the JSON's text: a body may be escaped in many ways.
bool Occurs(const std::string& text, const object& pattern, const provider::Snapshot& journal) {
  const auto in = [&](const provider::Call& call) {
    if (call.body.find(text) != std::string::npos) return true;
    const auto turns = TurnsOf(call);
    return std::any_of(turns.begin(), turns.end(), [&](const value& turn) {
      return std::string_view(turn.get_array()[1].get_string()).find(text) !=
             std::string_view::npos;
    });
  };
  if (pattern.contains("call")) {
    const auto* call = Selected(pattern, journal);
    return call && in(*call);
  }
  return std::any_of(journal.calls.begin(), journal.calls.end(), in);
}

// Anthropic has no role for them: tools' results are parts of one user's turn. Here each is a turn,
// as with OpenAI.
bool AppendToolResults(const value* content, boost::json::array& turns) {
  const auto* parts = content ? content->if_array() : nullptr;
  if (!parts || parts->empty() || !IsToolResult(parts->front())) return false;
  for (const auto& part : *parts) {
    const auto* fields = part.if_object();
    if (!fields) continue;
    const bool result = IsToolResult(part);
    const auto text = result ? ContentText(fields->if_contains("content"))
                             : ContentText(fields->if_contains("text"));
    turns.push_back(boost::json::array{result ? "tool" : "user", boost::json::string(text)});
  }
  return true;
}

}  // namespace

boost::json::array TurnsOf(const provider::Call& call) {
  boost::json::array turns;
  const auto* body = call.json ? call.json->if_object() : nullptr;
  const auto* messages = body ? body->if_contains("messages") : nullptr;
  if (!messages || !messages->is_array()) return turns;
  for (const auto& message : messages->get_array()) {
    const auto* fields = message.if_object();
    const auto* role = fields ? StringAt(*fields, "role") : nullptr;
    if (!role || *role == "system" || *role == "developer") continue;
    const auto* content = fields->if_contains("content");
    if (AppendToolResults(content, turns)) continue;
    turns.push_back(boost::json::array{*role, boost::json::string(ContentText(content))});
  }
  return turns;
}

std::optional<std::string> ProviderMismatch(const object& pattern,
                                            const provider::Snapshot& journal, Captures& captures) {
  const auto count = [](std::int64_t n) { return value(n); };
  for (const auto& [key_view, wanted] : pattern) {
    const std::string key(key_view);
    std::optional<std::string> fault;
    if (key == "call") continue;
    if (key == "calls") {
      fault = Differs("calls", wanted, count(static_cast<std::int64_t>(journal.calls.size())),
                      captures);
    } else if (key == "open") {
      fault = Differs("open calls", wanted, count(CountOpen(journal)), captures);
    } else if (key == "closed_by_caller") {
      fault = Differs("calls closed by the caller", wanted, count(CountClosed(journal)), captures);
    } else if (key == "contains" || key == "lacks") {
      const std::string text(wanted.is_string() ? std::string_view(wanted.get_string())
                                                : std::string_view());
      if (Occurs(text, pattern, journal) != (key == "contains")) {
        fault = fmt::format("\"{}\" {} in what the provider was sent", Excerpt(text),
                            key == "lacks" ? "occurs" : "does not occur");
      }
    } else if (const auto* call = Selected(pattern, journal)) {
      fault = DiffersInCall(key, wanted, *call, captures);
    } else {
      fault = fmt::format("no such call; the provider has seen {}", journal.calls.size());
    }
    if (fault) return fault;
  }
  return std::nullopt;
}

namespace {

// The provider was asked more often than the pattern allows.
bool HasMoreCalls(const object& pattern, const provider::Snapshot& journal) {
  const value* wanted = pattern.if_contains("calls");
  const auto size = static_cast<std::int64_t>(journal.calls.size());
  if (wanted && wanted->is_int64()) return size > wanted->get_int64();
  constexpr std::string_view kBetween = "<between:";
  const auto text =
      wanted && wanted->is_string() ? std::string_view(wanted->get_string()) : std::string_view();
  if (!text.starts_with(kBetween)) return false;
  return size > std::atoll(std::string(text.substr(text.rfind(':') + 1)).c_str());
}

}  // namespace

bool CanNoLongerHold(const object& pattern, const provider::Snapshot& journal,
                     const Captures& captures) {
  if (HasMoreCalls(pattern, journal)) return true;
  const value* closed = pattern.if_contains("closed_by_caller");
  if (closed && closed->is_int64() && CountClosed(journal) > closed->get_int64()) return true;
  // What a call shows is whole when it arrives. When the pattern allows no further call, the ones
  // that are there are those that it means.
  const value* calls = pattern.if_contains("calls");
  if (!calls || !calls->is_int64() ||
      calls->get_int64() != static_cast<std::int64_t>(journal.calls.size())) {
    return false;
  }
  object shown;
  for (const auto& [key, wanted] : pattern) {
    if (key != "calls" && key != "open" && key != "closed_by_caller") shown[key] = wanted;
  }
  Captures scratch = captures;
  return ProviderMismatch(shown, journal, scratch).has_value();
}

std::optional<std::chrono::steady_clock::time_point> MomentOf(const object& pattern,
                                                              const provider::Snapshot& journal) {
  std::optional<std::chrono::steady_clock::time_point> latest;
  if (pattern.contains("closed_by_caller")) {
    for (const auto& call : journal.calls) {
      if (call.closed_by_caller && call.closed_at && (!latest || *call.closed_at > *latest))
        latest = call.closed_at;
    }
    return latest;
  }
  const auto* call = Selected(pattern, journal);
  return call ? std::optional(call->arrived_at) : std::nullopt;
}

}  // namespace touchstone
