// One play of one case: the state between its steps, and a method for each kind of step.
// case_runner.cc drives it, player_act.cc holds the steps that act, player_expect.cc those that
// expect.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>

#include "conformance/drive/conversation.h"
#include "conformance/golden/case_file.h"
#include "conformance/golden/case_runner.h"
#include "conformance/golden/matcher.h"

namespace touchstone {

// When an acting step took effect: not before `begun`, and not after `ended`.
struct Anchor {
  TimePoint begun, ended;
  bool started_process = false;
};

// Why a step failed.
struct Failure {
  enum class Kind {
    kBroken,
    kLate,  // only its bound on time was missed
    kBug,   // of the judge or the case, not of the host
    kSkip,  // the profile has no such command
  };
  Kind kind;
  std::string message;
};
using StepResult = std::optional<Failure>;

inline StepResult Broken(std::string message) {
  return Failure{Failure::Kind::kBroken, std::move(message)};
}
inline StepResult Late(std::string message) {
  return Failure{Failure::Kind::kLate, std::move(message)};
}
inline StepResult Skip(std::string message) {
  return Failure{Failure::Kind::kSkip, std::move(message)};
}
inline StepResult Bug(std::string message) {
  return Failure{Failure::Kind::kBug, std::move(message)};
}

// SIGTERM of "TERM"; the name has been checked.
int SignalNumber(std::string_view name);

class Player {
 public:
  Player(Rig& rig, const Case& one, Mode mode)
      : case_(one), mode_(mode), talk_(rig, mode, ProviderFor(one)) {
    for (const auto& [name, setting] : one.env) SetEnv(name, setting);
    const auto now = Clock::now();
    anchor_ = {now, now, false};
  }

  // With a `record`, what happened is kept for whoever narrates it.
  PlayResult Play(Record* record = nullptr);

 private:
  using Action = StepResult (Player::*)(const Step&);
  static Action ActionFor(const std::string& kind);
  static Conversation::Provider ProviderFor(const Case& one);
  void BlameLeftovers(PlayResult& result);
  void Prove(PlayResult& result);

  StepResult Provider(const Step&);
  StepResult Send(const Step&);
  StepResult SendRaw(const Step&);
  StepResult SendSlowly(const Step&);
  StepResult Start(const Step&);
  StepResult Env(const Step&);
  StepResult CloseStdin(const Step&);
  StepResult CloseStdout(const Step&);
  StepResult Signal(const Step&);
  StepResult Restart(const Step&);
  StepResult Release(const Step&);
  StepResult Sleep(const Step&);
  StepResult Expect(const Step&);
  StepResult ExpectAnyOrder(const Step&);
  StepResult Outcome(const Step&);
  StepResult ExpectSilence(const Step&);
  StepResult ExpectExit(const Step&);
  StepResult ExpectStdout(const Step& step) { return ExpectText(step, Stream::kOut); }
  StepResult ExpectStderr(const Step& step) { return ExpectText(step, Stream::kErr); }
  StepResult ProviderSaw(const Step&);
  StepResult ProviderDid(const Step&);
  StepResult DoesNotResolve(const Step&);
  StepResult RefusesConnections(const Step&);
  StepResult StateDirContains(const Step& step) { return StateDir(step, true); }
  StepResult StateDirLacks(const Step& step) { return StateDir(step, false); }

  StepResult Write(const Step& step, const std::string& bytes, std::size_t chunk_bytes,
                   std::chrono::milliseconds gap);
  StepResult ExpectText(const Step& step, Stream stream);
  StepResult StateDir(const Step& step, bool wanted);
  StepResult MatchLine(const boost::json::value& pattern, const Line& line);
  StepResult CheckTime(const Step& step, TimePoint at);
  StepResult Missing(HostProcess& host, const std::string& what);
  Line* AwaitPattern(HostProcess& host, const boost::json::object& pattern, TimePoint deadline);

  void SetEnv(const std::string& name, const boost::json::value& setting) {
    talk_.SetEnv(
        name, setting.is_null() ? std::nullopt : std::optional(std::string(setting.get_string())));
  }
  boost::json::value Resolve(const boost::json::value& argument, StepResult& failure);
  HostProcess* Host(const Step& step, StepResult& failure);
  TimePoint Deadline(const Step& step) {
    const auto own = step.Number("deadline_ms");
    return Clock::now() + (own ? std::chrono::milliseconds(*own) : talk_.rig().patience.Now());
  }
  void Acted(const Step& step, Anchor anchor) {
    anchor_ = anchor;
    if (const auto mark = step.Text("mark"); !mark.empty()) marks_[mark] = anchor;
  }
  void ActedNow(const Step& step, TimePoint begun) { Acted(step, {begun, Clock::now(), false}); }

  const Case& case_;
  const Mode mode_;
  Conversation talk_;
  Captures captures_;
  Anchor anchor_;
  std::map<std::string, Anchor> marks_;
  // Of the last step, when it was provider_saw: what must still be so when all is over.
  std::optional<boost::json::object> seen_last_;
};

}  // namespace touchstone
