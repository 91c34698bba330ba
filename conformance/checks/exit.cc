// EXIT-08: self-test against a provider that accepts and never says a word.
#include <fmt/format.h>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;

// What a busy machine may add to the five seconds. A trial takes those, so there is one only.
constexpr milliseconds kSlack{1000};

Judgement SilentProvider(Rig& rig, Mode mode) {
  const auto command = rig.profile.commands.find("self_test");
  if (command == rig.profile.commands.end())
    return Judgement::Skip("the profile has no command for self-test");
  Scene scene(rig, mode);
  scene.talk().SetEnv("LLM_BASE_URL", "http://127.0.0.1:${silent_port}/v1");
  const auto begun = Clock::now();
  const auto host = scene.talk().Start("self-test", command->second, Mode::kNone);
  if (!scene.Require(host.has_value(), "EXIT-05", "self-test cannot be started"))
    return scene.Judge();
  // Of its own: an impatient judge's deadline is shorter than what the contract allows here.
  const auto end = (*host)->AwaitEnd(begun + std::chrono::seconds(30));
  if (!scene.Require(end.has_value(), "EXIT-08", "self-test did not end")) return scene.Judge();
  const double took = MsBetween(begun, end->at);
  const auto allowed = milliseconds(5000) + rig.startup + kSlack;
  if (took > static_cast<double>(allowed.count())) {
    if (rig.lag.WorstSince(begun) > milliseconds(100))
      return Judgement::Inconclusive("the machine lagged by more than 100 ms");
    scene.Require(
        false, "EXIT-08",
        fmt::format("self-test contacts the provider for at most 5 s, it took {:.0f} ms", took));
  }
  scene.Require(end->status == ExitStatus{false, 3}, "EXIT-05",
                fmt::format("self-test without a provider must exit 3, ended with {}",
                            end->status.ToString()));
  const auto out = (*host)->TextOf(Stream::kOut);
  const auto report = ParseStrict(out);
  const auto* ok = report && report->is_object() ? report->get_object().if_contains("ok") : nullptr;
  scene.Require(ok && ok->is_bool() && !ok->get_bool(), "EXIT-08",
                fmt::format("self-test must report ok false, got {}", Excerpt(out, 300)));
  return scene.Judge();
}

const CheckRegistration kSilent(
    {.name = "exit/self-test-of-a-silent-provider",
     .requirements = {"EXIT-08", "EXIT-05"},
     .modes = {Mode::kStream},
     .about = "A provider that accepts and never answers: ok false, exit 3, after 5 s at most.",
     .play = SilentProvider});

}  // namespace
}  // namespace touchstone
