// /rules, /state, /reset: what the provider does.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>

#include "fault-injection/provider/control_resource.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;

ControlAnswer SayRules(const LaneState& lane) { return Say({{"rules", lane.Rules()}}); }

ControlAnswer SayState(const LaneState& lane) {
  json::object state;
  lane.Look([&](const LaneState::View& view) {
    json::array known;
    for (const std::string& name : view.rules.States()) known.emplace_back(name);
    json::array rules;
    for (const auto& count : view.rules.Count()) {
      rules.push_back(json::object{{"admitted", count.admitted}, {"served", count.served}});
    }
    state = {{"state", view.rules.state()},
             {"known", std::move(known)},
             {"seed", view.seed},
             {"calls", view.calls},
             {"probes", view.journal.probes},
             {"rules", std::move(rules)}};
  });
  return Say(state);
}

}  // namespace

ControlReply GetRules(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  return SayRules(*request.lane);
}

ControlReply PutRules(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  auto body = ReadJson(request.body);
  if (!body) return body.error();
  if (body->is_object()) {
    const auto object = ReadObject(request.body, {"rules"});
    if (!object) return object.error();
    const json::value* const rules = object->if_contains("rules");
    if (rules == nullptr) {
      return Refuse(400, "bad_body", "expected a list of rules, or an object with the key rules");
    }
    body = *rules;
  }
  auto rules = ParseRules(*body);
  if (!rules) return Refuse(400, "bad_rules", rules.error().message, rules.error().path);
  request.lane->SetRules(std::move(*rules));
  return SayRules(*request.lane);
}

ControlReply GetState(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  return SayState(*request.lane);
}

ControlReply PutState(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  const auto body = ReadObject(request.body, {"state"});
  if (!body) return body.error();
  const json::value* const state = body->if_contains("state");
  if (state == nullptr || !state->is_string()) {
    return Refuse(400, "bad_body", R"(expected {"state":"NAME"})", "state");
  }
  const std::string name(state->get_string());
  if (!request.lane->SetKnownState(name)) {
    std::vector<std::string> known;
    request.lane->Look([&](const LaneState::View& view) {
      for (const std::string& one : view.rules.States()) known.push_back('"' + one + '"');
    });
    return Refuse(
        400, "unknown_state",
        fmt::format("no rule leads to \"{}\"; known are {}", name, fmt::join(known, ", ")),
        "state");
  }
  return SayState(*request.lane);
}

ControlReply PostReset(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  const auto body = ReadObject(request.body, {"seed"});
  if (!body) return body.error();
  std::optional<std::uint64_t> seed;
  if (const json::value* const given = body->if_contains("seed")) {
    json::error_code bad;
    const auto number = given->is_int64() || given->is_uint64()
                            ? given->to_number<std::uint64_t>(bad)
                            : (bad = json::error::not_number, std::uint64_t{0});
    if (bad || number == 0) {
      return Refuse(400, "bad_body",
                    fmt::format("expected an integer from 1 to {}, got {}",
                                std::numeric_limits<std::uint64_t>::max(), Describe(*given)),
                    "seed");
    }
    seed = number;
  }
  request.lane->StartAnew(seed);
  return SayState(*request.lane);
}

}  // namespace touchstone::provider
