#include "conformance/commands/provider_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "conformance/golden/provider_view.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using provider::Call;

std::string Count(std::uint64_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

bool IsSecret(std::string_view header) {
  return header == "authorization" || header == "cookie" || header.ends_with("api-key");
}

object HeadersOf(const Call& call) {
  object headers;
  for (const auto& [name, text] : call.headers) {
    headers[name] = IsSecret(name) ? fmt::format("<redacted: {} characters>", text.size()) : text;
  }
  return headers;
}

// The last thing that was said, as a person wants to see it.
std::string LastWords(const Call& call) {
  const auto turns = TurnsOf(call);
  if (turns.empty()) return Excerpt(call.body, 120);
  const auto& last = turns.back().get_array();
  return fmt::format("{} \"{}\"", std::string_view(last[0].get_string()),
                     Excerpt(last[1].get_string(), 100));
}

}  // namespace

void ProviderWatch::Look(const provider::Snapshot& journal) {
  connections_ = journal.connections;
  probes_ = journal.probes;
  // After a reset of the lane its calls are counted from 1 again.
  if (journal.calls.empty() || journal.calls.back().number < last_number_) {
    open_.clear();
    last_number_ = 0;
  }
  if (journal.calls.empty()) return;
  const int first = journal.calls.front().number;
  const auto at = [&](int number) -> const Call& {
    return journal.calls[static_cast<std::size_t>(number - first)];
  };
  for (int number = std::max(last_number_ + 1, first); number <= journal.calls.back().number;
       ++number) {
    Arrived(at(number));
    open_.insert(number);
  }
  last_number_ = journal.calls.back().number;
  std::erase_if(open_, [&](int number) {
    if (number < first) return true;  // the journal has let go of it
    const Call& call = at(number);
    if (!call.answered && !call.closed_at) return false;
    Ended(call);
    return true;
  });
}

void ProviderWatch::Arrived(const Call& call) {
  ++calls_;
  ++by_rule_[call.rule];
  const double seconds = Seconds(call.arrived_at);
  Told told;
  told.text = fmt::format("{:8.3f} s  call {}: {} {}, {}", seconds, call.number, call.method,
                          call.path, LastWords(call));
  told.text += call.rule >= 0
                   ? fmt::format(" -> rule [{}]", call.rule)
                   : fmt::format("\n            NO RULE MATCHES; nearest: {}", call.near_miss);
  object json{{"event", "call"},       {"at_ms", static_cast<std::int64_t>(seconds * 1000)},
              {"call", call.number},   {"connection", call.connection},
              {"method", call.method}, {"path", call.path},
              {"rule", call.rule},     {"headers", HeadersOf(call)}};
  if (call.json)
    json["body"] = *call.json;
  else
    json["body_text"] = Excerpt(call.body, 4000);  // valid UTF-8, whatever came
  if (!call.near_miss.empty()) json["near_miss"] = call.near_miss;
  told.json = ToJson(json);
  told_.push_back(std::move(told));
}

void ProviderWatch::Ended(const Call& call) {
  const auto end = call.answered_at ? *call.answered_at : *call.closed_at;
  const double seconds = Seconds(end);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - call.arrived_at).count();
  closed_by_caller_ += call.closed_by_caller ? 1 : 0;
  const std::string_view closed_by = !call.closed_at         ? "nobody"
                                     : call.closed_by_caller ? "caller"
                                                             : "provider";
  std::string what = call.answered
                         ? fmt::format("answered {}", call.status)
                         : fmt::format("not answered to the end (status {})", call.status);
  if (call.status == 0) what = call.answered ? "answered with nothing" : "never answered";
  Told told;
  told.text = fmt::format("{:8.3f} s  call {}: {}, {} in {} ms", seconds, call.number, what,
                          Count(call.bytes_sent, "byte"), took);
  if (call.closed_at) told.text += fmt::format("; the {} closed the connection", closed_by);
  told.json = ToJson(object{{"event", "end"},
                            {"at_ms", static_cast<std::int64_t>(seconds * 1000)},
                            {"call", call.number},
                            {"status", call.status},
                            {"bytes_sent", call.bytes_sent},
                            {"answered", call.answered},
                            {"closed_by", closed_by},
                            {"took_ms", took}});
  told_.push_back(std::move(told));
}

std::string ProviderWatch::Summary() const {
  std::string text = fmt::format("{} on {}, {}", Count(calls_, "call"),
                                 Count(static_cast<std::uint64_t>(connections_), "connection"),
                                 Count(static_cast<std::uint64_t>(probes_), "probe"));
  std::string rules;
  for (const auto& [rule, count] : by_rule_) {
    if (rule >= 0) rules += fmt::format("{}[{}] {}", rules.empty() ? "" : ", ", rule, count);
  }
  if (!rules.empty()) text += "; by rule: " + rules;
  if (by_rule_.contains(-1)) text += fmt::format("; no rule matched {}", by_rule_.at(-1));
  if (closed_by_caller_ > 0) text += fmt::format("; closed by the caller: {}", closed_by_caller_);
  return text;
}

}  // namespace touchstone
