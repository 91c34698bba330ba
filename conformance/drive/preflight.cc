#include "conformance/drive/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "conformance/drive/conversation.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

constexpr std::string_view kPing =
    R"({"protocol_version":1,"type":"ping","request_id":"touchstone-preflight"})"
    "\n";
constexpr auto kPatience = std::chrono::seconds(10);

struct Answer {
  std::string cannot_start;
  std::optional<std::chrono::steady_clock::duration> after;  // spawn to answer
  std::string instead, transcript;
};

Answer Ping(Rig& rig, Mode mode) {
  Conversation talk(rig, mode);
  Answer answer;
  auto host = talk.Start();
  if (!host) {
    answer.cannot_start = host.error();
    return answer;
  }
  const auto deadline = Clock::now() + kPatience;
  (*host)->Send(kPing, deadline);
  if (mode != Mode::kStream) (*host)->CloseStdin();
  const Line* line = (*host)->Await(
      [](const Line& l) { return l.bytes.find("touchstone-preflight") != std::string::npos; },
      deadline);
  if (line) {
    answer.after = line->at - (*host)->started_at();
  } else {
    // The end of its stdout comes a moment before its exit.
    const auto end = (*host)->AwaitExit(Clock::now() + std::chrono::milliseconds(500));
    const auto out = (*host)->TextOf(Stream::kOut), err = (*host)->TextOf(Stream::kErr);
    answer.instead =
        fmt::format("{}; its stdout: {}; its stderr: {}",
                    end ? "it ended with " + end->status.ToString()
                        : fmt::format("it wrote no answer within {} s", kPatience.count()),
                    Excerpt(out, 200), Excerpt(err, 200));
    answer.transcript = talk.Transcript();
  }
  return answer;
}

// The capabilities that the host's self-test names. A self-test that fails or says nonsense is no
// matter here: EXIT-05 judges it.
void AddClaimedCapabilities(Rig& rig) {
  const auto command = rig.profile.commands.find("self_test");
  if (command == rig.profile.commands.end()) return;
  Conversation talk(rig, Mode::kOneShot);
  auto host = talk.Start("", command->second, Mode::kNone);
  if (!host) return;
  (*host)->CloseStdin();
  if (!(*host)->AwaitEnd(Clock::now() + kPatience)) return;
  const auto text = (*host)->TextOf(Stream::kOut);
  const auto json = ParseStrict(text.substr(0, text.find('\n')));
  const auto* report = json ? json->if_object() : nullptr;
  const auto* claimed = report ? report->if_contains("capabilities") : nullptr;
  if (!claimed || !claimed->is_array()) return;
  for (const auto& name : claimed->get_array()) {
    if (name.is_string()) rig.profile.capabilities.emplace(name.get_string());
  }
}

}  // namespace

Preflight RunPreflight(Rig& rig, const std::vector<Mode>& modes) {
  Preflight preflight;
  std::vector<std::chrono::steady_clock::duration> startups;
  for (Mode mode : modes) {
    if (!rig.profile.CommandFor(mode)) continue;
    const int times = mode != Mode::kStream && startups.empty() ? 5 : 1;
    for (int i = 0; i < times; ++i) {
      const Answer answer = Ping(rig, mode);
      if (!answer.cannot_start.empty()) {
        preflight.cannot_start = answer.cannot_start;
        return preflight;
      }
      if (!answer.after) {
        preflight.mute[mode] = answer.instead;
        preflight.transcripts[mode] = answer.transcript;
        break;
      }
      if (mode != Mode::kStream) startups.push_back(*answer.after);
    }
  }
  AddClaimedCapabilities(rig);
  if (!startups.empty()) {
    std::nth_element(startups.begin(), startups.begin() + static_cast<long>(startups.size() / 2),
                     startups.end());
    rig.startup = std::chrono::ceil<std::chrono::milliseconds>(startups[startups.size() / 2]);
  }
  return preflight;
}

}  // namespace touchstone
