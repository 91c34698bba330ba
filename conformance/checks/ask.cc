#include "conformance/checks/ask.h"

#include <algorithm>

#include "conformance/golden/provider_view.h"

namespace touchstone {

boost::json::object RunUnderKey(std::string_view id, std::string_view session,
                                std::string_view prompt, std::string_view key) {
  auto request = RunRequest(id, session, prompt);
  request["idempotency_key"] = key;
  return request;
}

namespace {

std::vector<Line> AskStream(Scene& scene, const std::vector<boost::json::object>& requests,
                            std::string_view requirement) {
  std::vector<Line> answers;
  HostProcess* host = scene.Host();
  if (!host) return answers;
  std::string lines;
  for (const auto& request : requests) lines += AsLine(request);
  host->Send(lines, scene.Deadline());
  for (const auto& request : requests) {
    const Line* line = scene.Answer(*host, request.at("request_id").as_string(), requirement);
    if (!line) break;
    answers.push_back(*line);
  }
  return answers;
}

}  // namespace

std::vector<Line> AskAll(Scene& scene, const std::vector<boost::json::object>& requests,
                         std::string_view requirement, std::size_t at_once) {
  if (scene.mode() == Mode::kStream) return AskStream(scene, requests, requirement);
  std::vector<Line> answers;
  for (std::size_t next = 0; next < requests.size(); next += at_once) {
    std::vector<HostProcess*> hosts;
    const auto until = std::min(next + at_once, requests.size());
    for (std::size_t i = next; i < until; ++i) {
      HostProcess* host = scene.StartAnother();
      if (!host) return answers;
      scene.Send(*host, requests[i]);
      hosts.push_back(host);
    }
    for (std::size_t i = next; i < until; ++i) {
      HostProcess& host = *hosts[i - next];
      const Line* line = scene.Answer(host, requests[i].at("request_id").as_string(), requirement);
      if (!line) return answers;
      answers.push_back(*line);
      scene.talk().Retire(host);
    }
  }
  return answers;
}

std::optional<Line> Ask(Scene& scene, const boost::json::object& request,
                        std::string_view requirement) {
  auto answers = AskAll(scene, {request}, requirement);
  if (answers.empty()) return std::nullopt;
  return std::move(answers.front());
}

bool IsReplay(const Line& line) {
  const auto* replayed = line.object() ? line.object()->if_contains("replayed") : nullptr;
  return replayed && replayed->is_bool() && replayed->get_bool();
}

std::string TextOf(const Line& line) { return std::string(line.Text("text").value_or("")); }

std::string PromptOf(const provider::Call& call) {
  const auto turns = TurnsOf(call);
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    if (turn->at(0) == "user") return std::string(turn->at(1).as_string());
  }
  return {};
}

std::vector<const provider::Call*> CallsFor(const provider::Snapshot& journal,
                                            std::string_view prompt) {
  std::vector<const provider::Call*> calls;
  for (const auto& call : journal.calls) {
    if (PromptOf(call) == prompt) calls.push_back(&call);
  }
  return calls;
}

boost::json::array HistoryOf(const provider::Call& call) {
  auto turns = TurnsOf(call);
  while (!turns.empty() && turns.back().at(0) != "user") turns.pop_back();
  if (!turns.empty()) turns.pop_back();
  return turns;
}

void AddTurn(boost::json::array& turns, std::string_view prompt, std::string_view answer) {
  turns.push_back(boost::json::array{"user", prompt});
  turns.push_back(boost::json::array{"assistant", answer});
}

provider::Rule AnswerTo(std::string prompt, std::string text, std::string hold) {
  provider::Rule rule;
  rule.match.text = std::move(prompt);
  rule.respond.text = std::move(text);
  if (!hold.empty()) rule.respond.hold = std::move(hold);
  return rule;
}

provider::Rule AnswerAll(std::string text) {
  provider::Rule rule;
  rule.respond.text = std::move(text);
  return rule;
}

double MsBetween(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace touchstone
