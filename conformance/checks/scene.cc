#include "conformance/checks/scene.h"

#include <fmt/format.h>

#include <cassert>

#include "conformance/golden/timeline.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"
#include "fault-injection/provider/rule.h"

namespace touchstone {

HostProcess* Scene::Host(const std::string& label) {
  auto host = talk_.ForRequest(label);
  if (host) return *host;
  talk_.Blame("LIFE-01", host.error());
  broken_off_ = true;
  return nullptr;
}

HostProcess* Scene::StartAnother(const std::string& label) {
  auto host = talk_.Start(label);
  if (host) return *host;
  talk_.Blame("LIFE-01", host.error());
  broken_off_ = true;
  return nullptr;
}

void Scene::Rules(std::string_view json) {
  auto value = ParseStrict(json);
  assert(value);
  auto rules = provider::ParseRules(*value);
  assert(rules);
  lane().SetRules(std::move(*rules));
}

WriteTimes Scene::Send(HostProcess& host, const boost::json::object& request) {
  const auto times = host.Send(AsLine(request), Deadline());
  if (mode() != Mode::kStream) host.CloseStdin();
  return times;
}

const Line* Scene::Answer(HostProcess& host, std::string_view id, std::string_view requirement) {
  // The ack and the events of the request are of no interest here, but are consumed.
  while (true) {
    const Line* line =
        host.Await([&](const Line& l) { return l.Text("request_id") == id; }, Deadline());
    if (!line) {
      Require(false, requirement, fmt::format("request \"{}\" was not answered", Excerpt(id)));
      broken_off_ = true;
      if (!host.AwaitExit(Clock::now())) talk_.rig().patience.RanOut();
      return nullptr;
    }
    if (IsAnswerTo(*line, id)) return line;
  }
}

bool Scene::AwaitCalls(std::size_t n, std::string_view requirement) {
  const bool came = lane().WaitUntil(
      [&](const provider::Snapshot& journal) { return journal.calls.size() >= n; }, Deadline());
  return Require(
      came, requirement,
      fmt::format("{} calls must reach the provider, {} did", n, lane().Journal().calls.size()));
}

bool Scene::Require(bool holds, std::string_view requirement, std::string message) {
  if (!holds) talk_.Blame(std::string(requirement), std::move(message));
  return holds;
}

Judgement Scene::Judge() {
  // Where an answer is missing, waiting for a proper end would only repeat that.
  if (!broken_off_) talk_.Finish();
  auto violations = talk_.Violations();
  if (violations.empty()) return Judgement::From({}, talk_.Transcript());
  return Judgement::From(std::move(violations), talk_.Transcript())
      .With(Shorten(TimelineOf(RecordOf(talk_))));
}

Judgement Scene::Late(std::string_view requirement, std::string message) {
  talk_.journal().Add(Clock::now(), "judge", "FAIL", fmt::format("{}: {}", requirement, message));
  return Judgement::From({{std::string(requirement), std::move(message)}}, talk_.Transcript())
      .With(Shorten(TimelineOf(RecordOf(talk_))));
}

}  // namespace touchstone
