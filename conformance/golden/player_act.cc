#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "conformance/golden/player.h"
#include "conformance/golden/step_kinds.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"

namespace touchstone {

using boost::json::object;
using boost::json::value;
using std::chrono::milliseconds;

int SignalNumber(std::string_view name) {
  if (name == "TERM") return SIGTERM;
  if (name == "INT") return SIGINT;
  if (name == "KILL") return SIGKILL;
  if (name == "STOP") return SIGSTOP;
  return SIGCONT;
}

value Player::Resolve(const value& argument, StepResult& failure) {
  std::string unknown;
  const Lookup lookup = [&](std::string_view name) -> std::optional<value> {
    if (auto found = talk_.Variable(name)) return value(boost::json::string(*found));
    if (unknown.empty()) unknown = name;
    return std::nullopt;
  };
  value resolved = Substitute(argument, lookup, true);
  if (!unknown.empty()) failure = Bug(fmt::format("unknown variable ${{{}}}", unknown));
  return resolved;
}

HostProcess* Player::Host(const Step& step, StepResult& failure) {
  HostProcess* host = talk_.Find(step.Text("process"));
  if (host) return host;
  if (mode_ == Mode::kStream) {
    auto started = talk_.Start(step.Text("process"));
    if (started) return *started;
    failure = Broken(started.error());
    return nullptr;
  }
  failure = Bug("no host process has been started yet");
  return nullptr;
}

StepResult Player::Provider(const Step& step) {
  StepResult failure;
  const value resolved = Resolve(step.argument, failure);
  if (failure) return failure;
  auto rules = provider::ParseRules(resolved);
  if (!rules) return Bug(rules.error().message);
  talk_.lane().SetRules(std::move(*rules));
  return std::nullopt;
}

StepResult Player::Write(const Step& step, const std::string& bytes, std::size_t chunk_bytes,
                         milliseconds gap) {
  const std::string label = step.Text("process");
  HostProcess* host = nullptr;
  if (step.Flag("continue")) {
    host = talk_.Find(label);
    if (!host) return Bug("`continue` needs a process that was started before");
  } else {
    auto started = talk_.ForRequest(label);
    if (!started) return Broken(started.error());
    host = *started;
  }
  Anchor anchor{Clock::now(), Clock::now(), mode_ != Mode::kStream};
  for (std::size_t at = 0; at < bytes.size(); at += chunk_bytes) {
    if (at > 0 && gap.count() > 0) std::this_thread::sleep_for(gap);
    const auto times = host->Send(std::string_view(bytes).substr(at, chunk_bytes), Deadline(step));
    // The last piece completes the line; nothing can be answered before it was offered.
    anchor.begun = times.begun;
    anchor.ended = times.ended;
    if (!times.complete)
      break;  // the host closed stdin or died: the steps that follow will say what that means
  }
  if (mode_ != Mode::kStream && !step.Flag("keep_open")) host->CloseStdin();
  Acted(step, anchor);
  return std::nullopt;
}

StepResult Player::Send(const Step& step) {
  StepResult failure;
  const auto line = ToJson(Resolve(step.argument, failure)) + "\n";
  return failure ? failure : Write(step, line, line.size(), milliseconds(0));
}

StepResult Player::SendRaw(const Step& step) {
  StepResult failure;
  const auto bytes = RawBytes(Resolve(step.argument, failure));
  return failure ? failure
                 : Write(step, bytes, std::max<std::size_t>(bytes.size(), 1), milliseconds(0));
}

StepResult Player::SendSlowly(const Step& step) {
  StepResult failure;
  const value argument = Resolve(step.argument, failure);
  if (failure) return failure;
  const bool is_request = argument.is_object() && !argument.get_object().contains("base64") &&
                          !argument.get_object().contains("repeat");
  const auto bytes = is_request ? ToJson(argument) + "\n" : RawBytes(argument);
  return Write(step, bytes, static_cast<std::size_t>(step.Number("chunk_bytes").value_or(1)),
               milliseconds(step.Number("gap_ms").value_or(1)));
}

StepResult Player::Start(const Step& step) {
  StepResult failure;
  const object options = Resolve(step.argument, failure).get_object();
  if (failure) return failure;
  const auto begun = Clock::now();
  tl::expected<HostProcess*, std::string> started;
  if (const auto* args = options.if_contains("args")) {
    auto argv = talk_.rig().profile.ProgramPrefix();
    if (argv.empty())
      return Skip("the profile's commands have no word `host`, so other arguments cannot be tried");
    for (const auto& word : args->get_array()) argv.emplace_back(word.get_string());
    started = talk_.Start(step.Text("process"), std::move(argv), Mode::kNone);
  } else if (const auto* mode = options.if_contains("mode")) {
    const auto command = talk_.rig().profile.commands.find(std::string(mode->get_string()));
    if (command == talk_.rig().profile.commands.end()) {
      return Skip(fmt::format("the profile has no command for {}", ToJson(*mode)));
    }
    started = talk_.Start(step.Text("process"), command->second, Mode::kNone);
  } else {
    started = talk_.Start(step.Text("process"));
  }
  if (!started) return Broken(started.error());
  ActedNow(step, begun);
  return std::nullopt;
}

StepResult Player::Env(const Step& step) {
  for (const auto& [name, setting] : step.argument.get_object()) SetEnv(std::string(name), setting);
  return std::nullopt;
}

StepResult Player::CloseStdin(const Step& step) {
  StepResult failure;
  const auto begun = Clock::now();
  if (HostProcess* host = Host(step, failure)) host->CloseStdin();
  ActedNow(step, begun);
  return failure;
}

StepResult Player::CloseStdout(const Step& step) {
  StepResult failure;
  const auto begun = Clock::now();
  if (HostProcess* host = Host(step, failure)) {
    host->CloseStdout();
    talk_.EndedByPlay(*host);
  }
  ActedNow(step, begun);
  return failure;
}

StepResult Player::Signal(const Step& step) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  if (!host) return failure;
  const int number = SignalNumber(step.argument.get_string());
  const auto begun = Clock::now();
  if (number != SIGSTOP && number != SIGCONT) talk_.EndedByPlay(*host);
  host->Signal(number);
  ActedNow(step, begun);
  return std::nullopt;
}

StepResult Player::Restart(const Step& step) {
  HostProcess* host = talk_.Find(step.Text("process"));
  if (!host) return std::nullopt;
  const auto begun = Clock::now();
  if (step.argument.is_string()) {
    talk_.EndedByPlay(*host);
    host->Signal(SignalNumber(step.argument.get_string()));
  }
  talk_.FinishProcess(*host);
  ActedNow(step, begun);
  return std::nullopt;
}

StepResult Player::Release(const Step& step) {
  const auto begun = Clock::now();
  talk_.lane().Release(std::string(step.argument.get_string()));
  ActedNow(step, begun);
  return std::nullopt;
}

StepResult Player::Sleep(const Step& step) {
  std::this_thread::sleep_for(milliseconds(step.argument.get_int64()));
  return std::nullopt;
}

}  // namespace touchstone
