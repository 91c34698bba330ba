#include "conformance/golden/case_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/golden/player.h"
#include "conformance/golden/provider_view.h"
#include "conformance/golden/timeline.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"

namespace touchstone {

Player::Action Player::ActionFor(const std::string& kind) {
  static const std::map<std::string, Action> actions = {
      {"provider", &Player::Provider},
      {"send", &Player::Send},
      {"send_raw", &Player::SendRaw},
      {"send_slowly", &Player::SendSlowly},
      {"start", &Player::Start},
      {"env", &Player::Env},
      {"close_stdin", &Player::CloseStdin},
      {"close_stdout", &Player::CloseStdout},
      {"signal", &Player::Signal},
      {"restart", &Player::Restart},
      {"release", &Player::Release},
      {"sleep_ms", &Player::Sleep},
      {"expect", &Player::Expect},
      {"expect_any_order", &Player::ExpectAnyOrder},
      {"outcome", &Player::Outcome},
      {"expect_silence_ms", &Player::ExpectSilence},
      {"expect_exit", &Player::ExpectExit},
      {"expect_stdout", &Player::ExpectStdout},
      {"expect_stderr", &Player::ExpectStderr},
      {"provider_saw", &Player::ProviderSaw},
      {"provider_did", &Player::ProviderDid},
      {"does_not_resolve", &Player::DoesNotResolve},
      {"refuses_connections", &Player::RefusesConnections},
      {"state_dir_contains", &Player::StateDirContains},
      {"state_dir_lacks", &Player::StateDirLacks},
  };
  const auto found = actions.find(kind);
  return found == actions.end() ? nullptr : found->second;
}

// Who asks for the provider's port has it alone.
Conversation::Provider Player::ProviderFor(const Case& one) {
  const auto asks = [](const boost::json::value& text) {
    return VariablesIn(text).contains("provider.port");
  };
  const auto step_asks = [&](const Step& step) { return asks(step.argument); };
  const bool own = asks(one.env) || std::ranges::any_of(one.steps, step_asks) ||
                   std::ranges::any_of(one.proof, step_asks);
  return own ? Conversation::Provider::kOwn : Conversation::Provider::kOfTheRig;
}

PlayResult Player::Play(Record* record) {
  PlayResult result;
  bool failed = false;
  for (const Step& step : case_.steps) {
    if (!step.PlayedIn(mode_)) continue;
    const bool only_waits = step.kind == "sleep_ms" || step.kind == "expect_silence_ms";
    if (!only_waits) seen_last_.reset();
    const auto failure = (this->*ActionFor(step.kind))(step);
    if (!failure) continue;
    failed = true;
    const auto message =
        fmt::format("{}:{}: {}: {}", case_.file.string(), step.line, step.kind, failure->message);
    talk_.journal().Note("step failed: " + message);
    if (failure->kind == Failure::Kind::kBug) {
      result.harness_bug = message;
      break;
    }
    if (failure->kind == Failure::Kind::kSkip) {
      result.not_playable = failure->message;
      break;
    }
    result.only_late = failure->kind == Failure::Kind::kLate;
    auto blamed = step.Requirements();
    if (blamed.empty()) blamed = case_.requirements;
    for (const auto& id : blamed) result.violations.push_back({id, message});
    break;
  }
  // After a failed step the host may be in the middle of anything: only what it wrote is judged
  // then.
  if (!failed) talk_.Finish();
  // What the always-on checks saw comes first: it is often the cause of what the steps met.
  auto violations = talk_.Violations();
  if (!violations.empty()) result.only_late = false;
  if (!failed && violations.empty()) BlameLeftovers(result);
  violations.insert(violations.end(), result.violations.begin(), result.violations.end());
  result.violations = std::move(violations);
  Prove(result);
  result.transcript = talk_.Transcript();
  const bool wrong =
      !result.violations.empty() || !result.unproven.empty() || !result.harness_bug.empty();
  if (wrong) result.timeline = Shorten(TimelineOf(RecordOf(talk_)));
  if (record) *record = RecordOf(talk_);
  return result;
}

Record RecordOf(Conversation& talk) {
  return {talk.journal().started(), talk.journal().Entries(), talk.lane().Journal()};
}

// That the fault happened, whatever the host made of it.
void Player::Prove(PlayResult& result) {
  for (const Step& step : case_.proof) {
    if (!step.PlayedIn(mode_) || !result.harness_bug.empty() || !result.not_playable.empty())
      continue;
    const auto failure = (this->*ActionFor(step.kind))(step);
    const auto at = fmt::format("{}:{}", case_.file.string(), step.line);
    if (!failure) {
      result.proven.push_back(fmt::format("{}: {}", step.kind, ToJson(step.argument)));
    } else if (const auto reason = step.Text("or_skip"); !reason.empty()) {
      result.not_playable = reason;
    } else if (result.unproven.empty()) {
      result.unproven = fmt::format("{}: the fault did not happen: {}", at, failure->message);
    }
  }
}

// What no step asked for: lines that none consumed, calls that no provider rule matched, and calls
// that came after the step that counted them, when the host had nothing more to do.
void Player::BlameLeftovers(PlayResult& result) {
  std::vector<std::string> leftovers;
  const auto journal = talk_.lane().Journal();
  for (const auto& line : talk_.LinesNotConsumed())
    leftovers.push_back("no step consumed the line " + line);
  for (const auto& call : journal.calls) {
    if (!call.near_miss.empty())
      leftovers.push_back(fmt::format("no provider rule matched call {}; nearest: {}", call.number,
                                      call.near_miss));
  }
  const auto more = seen_last_ ? ProviderMismatch(*seen_last_, journal, captures_) : std::nullopt;
  if (more) leftovers.push_back("after the last step, " + *more);
  for (const auto& message : leftovers) {
    for (const auto& id : case_.requirements)
      result.violations.push_back({id, fmt::format("{}: {}", case_.file.string(), message)});
  }
}

PlayResult PlayCase(Rig& rig, const Case& one, Mode mode, Record* record) {
  if (!rig.profile.CommandFor(mode)) {
    PlayResult result;
    result.not_playable = fmt::format("the profile has no command for mode {}", ToString(mode));
    return result;
  }
  const auto& dialects = one.dialects;
  if (!dialects.empty() && std::ranges::find(dialects, rig.profile.dialect) == dialects.end()) {
    PlayResult result;
    result.not_playable = fmt::format("its provider speaks {} only", fmt::join(dialects, ", "));
    return result;
  }
  return Player(rig, one, mode).Play(record);
}

}  // namespace touchstone
