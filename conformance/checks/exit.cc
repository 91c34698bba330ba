// EXIT-05, EXIT-08: self-test's report, and a provider that accepts and never says a word.
#include <fmt/format.h>

#include <algorithm>

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

// EXIT-05: the report's own fields, read as JSON: a nested `ok` or `status` proves nothing.
void JudgeReport(Scene& scene, const std::string& out, const ExitStatus& status, bool ok) {
  const auto report =
      out.ends_with('\n') ? ParseStrict(out.substr(0, out.size() - 1)) : ParseStrict(out);
  const auto* fields = report ? report->if_object() : nullptr;
  const auto told = Excerpt(out, 300);
  if (!scene.Require(fields && std::ranges::count(out, '\n') == 1, "EXIT-05",
                     fmt::format("self-test writes one JSON line, got {}", told))) {
    return;
  }
  const auto at = [&](std::string_view key) { return fields->if_contains(key); };
  const auto* said = at("ok");
  scene.Require(said && said->is_bool() && said->get_bool() == ok, "EXIT-05",
                fmt::format("`ok` must be {}, got {}", ok, told));
  const auto* word = at("status");
  scene.Require(word && word->is_string() && word->get_string() == (ok ? "PASS" : "FAIL"),
                "EXIT-05", fmt::format("`status` must be {}, got {}", ok ? "PASS" : "FAIL", told));
  for (const auto* key :
       {"missing_required_env", "provider_probe_results", "checks", "capabilities"}) {
    const auto* list = at(key);
    scene.Require(list && list->is_array(), "EXIT-05",
                  fmt::format("`{}` must be an array, got {}", key, told));
  }
  scene.Require(
      status == ExitStatus{false, ok ? 0 : 3}, "EXIT-05",
      fmt::format("self-test must exit {}, ended with {}", ok ? 0 : 3, status.ToString()));
}

Judgement WellTypedReport(Rig& rig, Mode mode) {
  const auto command = rig.profile.commands.find("self_test");
  if (command == rig.profile.commands.end())
    return Judgement::Skip("the profile has no command for self-test");
  Scene scene(rig, mode);
  for (const bool ok : {true, false}) {
    if (!ok) {
      scene.talk().SetEnv("LLM_API_KEY", std::nullopt);
      scene.talk().SetEnv("OPENAI_API_KEY", std::nullopt);
    }
    const auto host = scene.talk().Start("self-test", command->second, Mode::kNone);
    if (!scene.Require(host.has_value(), "EXIT-05", "self-test cannot be started")) break;
    const auto end = (*host)->AwaitEnd(scene.Deadline());
    if (!scene.Require(end.has_value(), "EXIT-08", "self-test did not end")) break;
    JudgeReport(scene, (*host)->TextOf(Stream::kOut), end->status, ok);
    scene.talk().Retire(**host);
  }
  return scene.Judge();
}

const CheckRegistration kReport(
    {.name = "exit/self-test-report",
     .requirements = {"EXIT-05"},
     .modes = {Mode::kStream},
     .about = "self-test's one JSON line, with and without a key: each field of its own type, and"
              " agreed with the exit status.",
     .play = WellTypedReport});
const CheckRegistration kSilent(
    {.name = "exit/self-test-of-a-silent-provider",
     .requirements = {"EXIT-08", "EXIT-05"},
     .modes = {Mode::kStream},
     .about = "A provider that accepts and never answers: ok false, exit 3, after 5 s at most.",
     .play = SilentProvider});

}  // namespace
}  // namespace touchstone
