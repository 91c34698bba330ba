// SESS-06 and SESS-10: many processes on one state directory and few sessions. Read at the
// provider: the calls of a session follow each other, each shows all turns before it, once, in
// order.
#include <fmt/format.h>

#include <map>
#include <mutex>
#include <random>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

constexpr int kSessions = 2;
constexpr int kRunsOfSession = 18;  // within the 20 turns that every host must keep
constexpr std::size_t kProcesses = 8;
constexpr std::chrono::milliseconds kNoted{5};

std::string PromptFor(int session, int run) {
  return fmt::format("s{} question {}.", session, run);
}

// Each call of the session shows the transcript of the call before, its answer, and the new
// prompt; and each prompt came.
void JudgeChain(Scene& scene, const provider::Snapshot& journal, int session) {
  boost::json::array history;
  int calls = 0;
  for (const auto& call : journal.calls) {
    const auto prompt = PromptOf(call);
    if (!prompt.starts_with(fmt::format("s{} ", session))) continue;
    ++calls;
    if (!scene.Require(
            HistoryOf(call) == history, "SESS-10",
            fmt::format("call {} must show the {} turns before it, {}; it shows {}", call.number,
                        calls - 1, ToJson(history), ToJson(HistoryOf(call))))) {
      return;
    }
    AddTurn(history, prompt, "mock answer");
  }
  scene.Require(calls == kRunsOfSession, "SESS-10",
                fmt::format("{} runs of session s{}, each answered OK: {} calls reached the "
                            "provider",
                            kRunsOfSession, session, calls));
}

// No two calls of a session are open at the same time. The answer counts as given when its last
// byte was handed over; the host may have read it, and called again, some microseconds before that
// was noted.
void JudgeOneAtATime(Scene& scene, const provider::Snapshot& journal) {
  std::map<char, const provider::Call*> last;
  for (const auto& call : journal.calls) {
    const auto prompt = PromptOf(call);
    if (prompt.size() < 2) continue;
    const provider::Call*& before = last[prompt[1]];
    scene.Require(
        !before || (before->answered_at && *before->answered_at <= call.arrived_at + kNoted),
        "SESS-06",
        fmt::format("call {} came before call {} of its session was answered", call.number,
                    before ? before->number : 0));
    before = &call;
  }
}

// Slow enough for calls to overlap where a host lets them.
void SetRules(Scene& scene) {
  auto rule = AnswerAll("mock answer");
  rule.respond.delay_ms = 4;
  scene.lane().SetRules({rule});
}

std::vector<boost::json::object> Requests(std::uint64_t seed) {
  std::vector<boost::json::object> requests;
  for (int run = 0; run < kRunsOfSession; ++run) {
    for (int session = 0; session < kSessions; ++session) {
      requests.push_back(RunRequest(fmt::format("r{}-{}", session, run),
                                    fmt::format("s{}", session), PromptFor(session, run)));
    }
  }
  std::shuffle(requests.begin(), requests.end(), std::mt19937_64(seed));
  return requests;
}

void Judge(Scene& scene, const std::vector<Line>& answers) {
  for (const auto& line : answers) {
    scene.Require(StatusOf(line) == "OK", "SESS-10",
                  fmt::format("every run must end OK, got {}", line.bytes));
  }
  const auto journal = scene.lane().Journal();
  for (int session = 0; session < kSessions; ++session) JudgeChain(scene, journal, session);
  JudgeOneAtATime(scene, journal);
}

Judgement ManyOneShots(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  SetRules(scene);
  const auto requests = Requests(rig.seed);
  const auto answers = AskAll(scene, requests, "SESS-06", kProcesses);
  if (answers.size() == requests.size()) Judge(scene, answers);
  return scene.Judge();
}

// S: four hosts share the directory; each gets its share of the runs in one write.
Judgement ManyStreams(Rig& rig, Mode mode) {
  constexpr std::size_t kHosts = 4;
  Scene scene(rig, mode);
  SetRules(scene);
  std::vector<HostProcess*> hosts;
  for (std::size_t i = 0; i < kHosts; ++i) {
    hosts.push_back(scene.StartAnother(fmt::format("host{}", i)));
    if (!hosts.back()) return scene.Judge();
  }
  const auto requests = Requests(rig.seed);
  std::vector<std::string> lines(kHosts);
  for (std::size_t i = 0; i < requests.size(); ++i) lines[i % kHosts] += AsLine(requests[i]);
  for (std::size_t i = 0; i < kHosts; ++i) hosts[i]->Send(lines[i], scene.Deadline());
  std::vector<Line> answers;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Line* line =
        scene.Answer(*hosts[i % kHosts], requests[i].at("request_id").as_string(), "SESS-10");
    if (!line) return scene.Judge();
    answers.push_back(*line);
  }
  Judge(scene, answers);
  return scene.Judge();
}

const CheckRegistration kOneShots(
    {.name = "sess/many-processes",
     .requirements = {"SESS-06", "SESS-10", "SESS-01"},
     .modes = {Mode::kOneShot, Mode::kBridge},
     .about = "36 runs of two sessions, eight processes at a time: no turn is lost or doubled.",
     .play = ManyOneShots});
const CheckRegistration kStreams(
    {.name = "sess/many-streams",
     .requirements = {"SESS-06", "SESS-10", "SESS-01"},
     .modes = {Mode::kStream},
     .about = "Four hosts share a state directory and two sessions: no turn is lost or doubled.",
     .play = ManyStreams});

}  // namespace
}  // namespace touchstone
