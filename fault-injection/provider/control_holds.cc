// /holds, /hold/NAME, /release/NAME: barriers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <limits>
#include <set>

#include "fault-injection/provider/control_resource.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;

std::int64_t MsBetween(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

ControlReply GetHolds(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  json::array barriers;
  json::array held;
  request.lane->Look([&](const LaneState::View& view) {
    for (const auto& [name, match] : view.holds.Barriers()) {
      barriers.push_back(json::object{{"name", name}, {"match", match}});
    }
    for (const HeldCall& call : view.holds.held()) {
      held.push_back(json::object{
          {"name", call.name},
          {"call", call.number},
          {"path", Printable(std::string_view(call.path).substr(0, call.path.find('?')))},
          {"for_ms", MsBetween(call.since, view.now)}});
    }
  });
  return Say({{"barriers", std::move(barriers)}, {"held", std::move(held)}});
}

ControlReply PostHold(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  json::value match(json::object_kind);
  if (!request.body.empty()) {
    auto body = ReadJson(request.body);
    if (!body) return body.error();
    match = std::move(*body);
  }
  auto rules = ParseRules(json::array{json::object{{"match", match}, {"respond", {{"text", ""}}}}});
  if (!rules) {
    constexpr std::string_view kAbove = "[0].match";  // the caller has sent what is below it
    std::string_view path = rules.error().path;
    if (path.starts_with(kAbove)) path.remove_prefix(kAbove.size());
    if (path.starts_with('.')) path.remove_prefix(1);
    return Refuse(400, "bad_match", rules.error().message, path);
  }
  const bool fresh = request.lane->SetBarrier(request.name, std::move(rules->front()));
  return Say({{"name", request.name}, {"match", match}}, fresh ? 201 : 200);
}

ControlReply PostRelease(ControlRequest& request) {
  const auto most = request.query.Integer("calls", 1, std::numeric_limits<int>::max());
  if (auto error = request.query.Error()) return *error;
  if (auto body = ReadObject(request.body, {}); !body) return body.error();
  const auto released = request.lane->ReleaseKnown(
      request.name, most ? std::optional(static_cast<std::size_t>(*most)) : std::nullopt);
  if (!released) {
    std::set<std::string> known;
    request.lane->Look([&](const LaneState::View& view) {
      known = view.rules.Holds();
      for (const auto& [name, match] : view.holds.Barriers()) known.insert(name);
    });
    return Refuse(404, "no_such_hold",
                  known.empty() ? "neither a barrier nor a rule holds under any name"
                                : fmt::format("nothing holds under this name; known are {}",
                                              fmt::join(known, ", ")));
  }
  return Say({{"name", request.name}, {"released", *released}});
}

}  // namespace touchstone::provider
