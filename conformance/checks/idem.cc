// IDEM-09: many identical runs arrive together, in one host and in many processes on one state
// directory. One reaches the provider; the others wait for it, replay it, or are told of it.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"

namespace touchstone {
namespace {

constexpr int kTogether = 16;

// Lets the provider answer when the one call has come, and looks that it stays the only one.
bool AwaitTheOneCall(Scene& scene, std::size_t calls, const std::string& hold) {
  const bool came = scene.AwaitCalls(calls, "IDEM-09");
  scene.lane().Release(hold);
  return came;
}

void JudgeCalls(Scene& scene, std::size_t wanted) {
  const auto calls = scene.lane().Journal().calls.size();
  scene.Require(calls == wanted, "IDEM-09",
                fmt::format("{} identical runs in each of {} rounds: one call each must reach the "
                            "provider, {} did",
                            kTogether, wanted, calls));
}

// S: 16 identical runs in one write, ten times.
Judgement TogetherInOneHost(Rig& rig, Mode mode) {
  constexpr int kRounds = 10;
  Scene scene(rig, mode);
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  for (int round = 0; round < kRounds; ++round) {
    const auto hold = fmt::format("gate{}", round);
    scene.lane().SetRules({AnswerTo("same", fmt::format("answer {}", round), hold)});
    std::string lines;
    for (int i = 0; i < kTogether; ++i) {
      lines += AsLine(
          RunUnderKey(fmt::format("r{}-{}", round, i), fmt::format("s{}", round), "same", "key"));
    }
    host->Send(lines, scene.Deadline());
    if (!AwaitTheOneCall(scene, static_cast<std::size_t>(round) + 1, hold)) return scene.Judge();
    std::string first;
    std::vector<std::string> existing;
    for (int i = 0; i < kTogether; ++i) {
      const auto id = fmt::format("r{}-{}", round, i);
      const Line* line = scene.Answer(*host, id, "IDEM-04");
      if (!line) return scene.Judge();
      const auto status = StatusOf(*line);
      if (status == "DUPLICATE_IN_PROGRESS") {
        existing.emplace_back(line->Text("existing_request_id").value_or("(none)"));
      } else if (!IsReplay(*line)) {  // one that was read after the answer may be replayed
        scene.Require(
            first.empty() && status == "OK", "IDEM-09",
            fmt::format("one run of 16 must end OK, \"{}\" did, and now: {}", first, line->bytes));
        first = id;
      }
    }
    for (const auto& id : existing)
      scene.Require(id == first, "IDEM-04",
                    fmt::format("existing_request_id must be \"{}\", is \"{}\"", first, id));
  }
  JudgeCalls(scene, kRounds);
  return scene.Judge();
}

// Every answer carries the text of the one run that was executed.
void JudgeShared(Scene& scene, const std::vector<Line>& answers, std::string_view text) {
  int executed = 0;
  for (const auto& line : answers) {
    const bool ok = StatusOf(line) == "OK";
    executed += ok && !IsReplay(line);
    scene.Require(ok && TextOf(line) == text, "IDEM-05",
                  fmt::format("a duplicate in another process must be answered \"{}\", got {}",
                              text, line.bytes));
  }
  scene.Require(
      executed <= 1, "IDEM-02",
      fmt::format("{} of {} answers are not marked as replays", executed, answers.size()));
}

// O and B: 16 processes at once on one state directory.
Judgement TogetherInManyProcesses(Rig& rig, Mode mode) {
  constexpr int kRounds = 2;
  Scene scene(rig, mode);
  for (int round = 0; round < kRounds; ++round) {
    const auto hold = fmt::format("gate{}", round), text = fmt::format("answer {}", round);
    scene.lane().SetRules({AnswerTo("same", text, hold)});
    std::vector<HostProcess*> hosts;
    for (int i = 0; i < kTogether; ++i) {
      HostProcess* host = scene.StartAnother();
      if (!host) return scene.Judge();
      hosts.push_back(host);
      scene.Send(*host,
                 RunUnderKey(fmt::format("r{}", i), fmt::format("s{}", round), "same", "key"));
    }
    if (!AwaitTheOneCall(scene, static_cast<std::size_t>(round) + 1, hold)) return scene.Judge();
    std::vector<Line> answers;
    for (int i = 0; i < kTogether; ++i) {
      HostProcess& host = *hosts[static_cast<std::size_t>(i)];
      const Line* line = scene.Answer(host, fmt::format("r{}", i), "IDEM-05");
      if (!line) return scene.Judge();
      answers.push_back(*line);
      scene.talk().Retire(host);
    }
    JudgeShared(scene, answers, text);
  }
  JudgeCalls(scene, kRounds);
  return scene.Judge();
}

// Two long-lived hosts and eight one-shots on one state directory.
Judgement TogetherInMixedProcesses(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const auto* one_shot = rig.profile.CommandFor(Mode::kOneShot);
  if (!one_shot) return Judgement::Skip("the profile has no command for mode O");
  scene.lane().SetRules({AnswerTo("same", "answer", "gate")});
  std::vector<HostProcess*> hosts;
  for (int i = 0; i < 2; ++i) {
    hosts.push_back(scene.StartAnother(fmt::format("stream{}", i)));
    if (!hosts.back()) return scene.Judge();
  }
  for (int i = 0; i < 8; ++i) {
    auto started = scene.talk().Start(fmt::format("one-shot{}", i), *one_shot, Mode::kOneShot);
    if (!scene.Require(started.has_value(), "IDEM-09", "the host cannot be started"))
      return scene.Judge();
    hosts.push_back(*started);
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i]->Send(AsLine(RunUnderKey(fmt::format("r{}", i), "s", "same", "key")),
                   scene.Deadline());
    if (i >= 2) hosts[i]->CloseStdin();
  }
  if (!AwaitTheOneCall(scene, 1, "gate")) return scene.Judge();
  std::vector<Line> answers;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const Line* line = scene.Answer(*hosts[i], fmt::format("r{}", i), "IDEM-04");
    if (!line) return scene.Judge();
    // A stream may tell of the other process, or wait for it as a one-shot does.
    if (i >= 2 || StatusOf(*line) != "DUPLICATE_IN_PROGRESS") answers.push_back(*line);
  }
  JudgeShared(scene, answers, "answer");
  JudgeCalls(scene, 1);
  return scene.Judge();
}

const CheckRegistration kOneHost(
    {.name = "idem/together-in-one-host",
     .requirements = {"IDEM-09", "IDEM-04"},
     .modes = {Mode::kStream},
     .about =
         "16 identical runs in one write: one reaches the provider, the others are told of it.",
     .play = TogetherInOneHost});
const CheckRegistration kManyProcesses(
    {.name = "idem/together-in-many-processes",
     .requirements = {"IDEM-09", "IDEM-05", "IDEM-02"},
     .modes = {Mode::kOneShot, Mode::kBridge},
     .about = "16 identical runs in 16 processes: one reaches the provider, the others replay it.",
     .play = TogetherInManyProcesses});
const CheckRegistration kMixed(
    {.name = "idem/together-in-streams-and-one-shots",
     .requirements = {"IDEM-09", "IDEM-04", "IDEM-05"},
     .modes = {Mode::kStream},
     .about = "Identical runs in two streams and eight one-shots at once: one is executed.",
     .play = TogetherInMixedProcesses});

}  // namespace
}  // namespace touchstone
