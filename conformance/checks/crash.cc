// CRASH-01, CRASH-02 and CRASH-03: hosts that work are killed with SIGKILL at seeded moments and
// started anew on the same state directory, until every run was answered; then all of it is
// audited: what each provider call showed of its session, the replays, and the tools' effects.
//
// The runs of a session go out in order, and one that was not answered is sent again, under its
// key, before later ones. So the transcript that each call must show is known exactly.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/tools.h"
#include "conformance/golden/provider_view.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kSessions = 3;
constexpr int kKillsOfEpoch = 4;  // then the sessions are audited, and new ones begin

struct Run {
  int number = 0, attempts = 0;
  std::string session, prompt;
  std::optional<std::string> text;  // of the OK that reached the judge

  std::string key() const { return fmt::format("key {}", number); }
  std::string token() const { return fmt::format("token-{};", number); }
};

// The turns that matter: each user message with the last assistant text behind it. A host may or
// may not show tools of earlier turns.
boost::json::array WholeTurns(const boost::json::array& history) {
  boost::json::array turns;
  for (const auto& message : history) {
    if (message.at(0) == "tool") continue;
    const bool follows = !turns.empty() && turns.back().at(0) == "assistant";
    if (message.at(0) == "assistant" && follows) turns.pop_back();
    turns.push_back(message);
  }
  return turns;
}

int CountIn(const std::filesystem::path& file, const std::string& token) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  int count = 0;
  for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at + 1)) ++count;
  return count;
}

// One state directory and the hosts that live and die on it.
class Victim {
 public:
  Victim(Rig& rig, Mode mode, unsigned worker, bool tools)
      : rig_(rig), scene_(rig, mode), random_(rig.seed * 31 + worker), tools_(tools) {
    scene_.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "100");
    // Many runs of one session wait here, for as long as a slow machine takes.
    scene_.talk().SetEnv("ZENE_QUEUE_WAIT_TIMEOUT_MS", "60000");
    effects_ = scene_.talk().home() / "effects";
  }

  Judgement Play(int epochs) {
    for (int epoch = 0; epoch < epochs && sound(); ++epoch) {
      runs_.clear();
      for (int i = 0; i < kKillsOfEpoch && sound(); ++i) {
        Plan(epoch);
        Live(true);
      }
      // One session's runs are answered one after the other; a one-shot's need several rounds.
      for (int i = 0; i < kKillsOfEpoch * 2 + 1 && sound() && Pending().size() > 0; ++i)
        Live(false);
      if (sound()) Audit();
    }
    return scene_.Judge();
  }

  int kills() const { return kills_; }

 private:
  bool sound() const { return scene_.sound(); }
  bool stream() const { return scene_.mode() == Mode::kStream; }

  void Plan(int epoch) {
    for (int i = 0; i < kSessions * (stream() ? 2 : 1); ++i) {
      Run run;
      run.number = ++numbers_;
      run.session = fmt::format("session {} of {}", i % kSessions, epoch);
      run.prompt = fmt::format("question {}.", run.number);
      runs_.push_back(std::move(run));
    }
  }

  // What is sent next: in S all that is unanswered; else the first such run of each session.
  std::vector<Run*> Pending() {
    std::vector<Run*> pending;
    std::set<std::string> busy;
    for (auto& run : runs_) {
      if (run.text || (!stream() && !busy.insert(run.session).second)) continue;
      pending.push_back(&run);
    }
    return pending;
  }

  void SetRules(const std::vector<Run*>& batch) {
    std::vector<provider::Rule> rules;
    std::uniform_int_distribution<int> delay(0, 4);
    for (Run* run : batch) {
      if (tools_) {
        const auto command = fmt::format("echo '{0}' >> '{1}'; sleep 0.01; echo 'done {0}'",
                                         run->token(), effects_.string());
        rules.push_back(
            AskForTools(run->prompt,
                        {CallCommand(rig_.profile, fmt::format("call-{}", run->number), command)}));
      }
      rules.push_back(AnswerTo(
          run->prompt, fmt::format("answer {} of attempt {}", run->number, ++run->attempts)));
      rules.back().respond.delay_ms = delay(random_);
    }
    rules.push_back(AnswerAll("later"));
    scene_.lane().SetRules(std::move(rules));
  }

  // One life: S one host for the whole batch, else a process for each run; killed at a seeded
  // moment, or left to finish.
  void Live(bool kill) {
    const auto batch = Pending();
    SetRules(batch);
    std::vector<std::pair<HostProcess*, std::vector<Run*>>> hosts;
    for (Run* run : batch) {
      if (hosts.empty() || !stream()) hosts.push_back({scene_.StartAnother(), {}});
      if (!hosts.back().first) return;
      hosts.back().second.push_back(run);
    }
    std::vector<std::pair<TimePoint, HostProcess*>> ends;
    const auto longest = rig_.startup + milliseconds(tools_ || stream() ? 30 : 8);
    std::uniform_int_distribution<std::int64_t> when(0, microseconds(longest).count());
    for (auto& [host, runs] : hosts) {
      std::string lines;
      for (const Run* run : runs)
        lines += AsLine(RunUnderKey(Id(*run), run->session, run->prompt, run->key()));
      host->Send(lines, scene_.Deadline());
      if (!stream()) host->CloseStdin();
      ends.emplace_back(Clock::now() + microseconds(when(random_)), host);
    }
    std::sort(ends.begin(), ends.end());
    for (const auto& [at, host] : ends) {
      if (!kill) break;
      std::this_thread::sleep_until(at);
      Kill(*host);
    }
    for (auto& [host, runs] : hosts) {
      for (Run* run : runs) Collect(*host, *run, kill);
    }
    for (auto& [host, runs] : hosts) scene_.talk().Retire(*host);
  }

  void Kill(HostProcess& host) {
    if (host.AwaitExit(Clock::now())) return;  // a one-shot that was faster
    scene_.talk().EndedByPlay(host);
    host.Signal(SIGKILL);
    ++kills_;
  }

  std::string Id(const Run& run) const { return fmt::format("r{}.{}", run.number, run.attempts); }

  // After a kill an answer may be missing; whatever there is must be OK.
  void Collect(HostProcess& host, Run& run, bool killed) {
    const auto deadline = scene_.Deadline();
    const auto id = Id(run);
    const Line* line = host.Await([&](const Line& l) { return IsAnswerTo(l, id); }, deadline);
    if (!line) {
      if (!killed || !host.killed())
        scene_.Require(false, "CRASH-01", fmt::format("run {} was not answered", id));
      return;
    }
    const auto text = TextOf(*line);
    if (!scene_.Require(StatusOf(*line) == "OK", "CRASH-01",
                        fmt::format("on the state directory of a killed host run {} must end OK, "
                                    "got {}",
                                    id, line->bytes))) {
      return;
    }
    if (scene_.Require(
            text.starts_with(fmt::format("answer {} of ", run.number)), "CRASH-02",
            fmt::format("run {} must be answered with its own text, got {}", id, line->bytes))) {
      run.text = text;
    }
  }

  void Audit() {
    std::vector<boost::json::object> again, last;
    for (const auto& run : runs_) {
      again.push_back(RunUnderKey(fmt::format("again{}", run.number), run.session,
                                  fmt::format("again {}.", run.number), run.key()));
    }
    std::map<std::string, boost::json::array> turns;
    for (const auto& run : runs_) AddTurn(turns[run.session], run.prompt, *run.text);
    for (const auto& [session, history] : turns)
      last.push_back(RunRequest("last " + session, session, "last of " + session));
    const auto replays = AskAll(scene_, again, "CRASH-02");
    if (replays.size() < again.size() || AskAll(scene_, last, "CRASH-01").size() < last.size())
      return;
    if (stream()) scene_.talk().Retire(*scene_.Host());
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      scene_.Require(IsReplay(replays[i]) && TextOf(replays[i]) == *runs_[i].text, "CRASH-02",
                     fmt::format("run {} was answered OK with \"{}\"; its replay is {}",
                                 runs_[i].number, *runs_[i].text, replays[i].bytes));
    }
    const auto journal = scene_.lane().Journal();
    std::map<std::string, boost::json::array> told;  // the session so far
    for (const auto& run : runs_) {
      auto& history = told[run.session];
      JudgeCalls(journal, run.prompt, history);
      if (tools_) JudgeEffect(journal, run);
      AddTurn(history, run.prompt, *run.text);
    }
    for (const auto& [session, history] : turns) JudgeCalls(journal, "last of " + session, history);
  }

  // Every call for the prompt, in whatever life of the host, showed whole turns and all of them.
  void JudgeCalls(const provider::Snapshot& journal, const std::string& prompt,
                  const boost::json::array& history) {
    const auto calls = CallsFor(journal, prompt);
    scene_.Require(!calls.empty(), "CRASH-02",
                   fmt::format("\"{}\" was answered OK and never asked of the provider", prompt));
    for (const auto* call : calls) {
      const auto shown = WholeTurns(HistoryOf(*call));
      if (!scene_.Require(shown == history, "CRASH-01",
                          fmt::format("call {} for \"{}\" must show the turns {}, it shows {}",
                                      call->number, prompt, ToJson(history), ToJson(shown)))) {
        return;
      }
    }
  }

  void JudgeEffect(const provider::Snapshot& journal, const Run& run) {
    const int count = CountIn(effects_, run.token());
    scene_.Require(
        count <= 1, "CRASH-03",
        fmt::format("the effect of run {}'s tool call is there {} times", run.number, count));
    for (const auto* call : CallsFor(journal, run.prompt)) {
      // The tools of earlier turns may be shown before the run's own.
      const auto turns = TurnsOf(*call);
      if (turns.empty() || turns.back().at(0) != "tool") continue;
      const auto result = std::string(turns.back().at(1).as_string());
      if (result.find("unknown") != std::string::npos) continue;
      scene_.Require(result.find("done " + run.token()) != std::string::npos && count == 1,
                     "CRASH-03",
                     fmt::format("the provider was told \"{}\" of run {}'s call, whose effect is "
                                 "there {} times; it must be the result, or \"outcome unknown\"",
                                 result, run.number, count));
    }
  }

  Rig& rig_;
  Scene scene_;
  std::mt19937_64 random_;
  const bool tools_;
  std::filesystem::path effects_;
  std::vector<Run> runs_;
  int numbers_ = 0, kills_ = 0;
};

Judgement KillHosts(Rig& rig, Mode mode, bool tools, int epochs) {
  constexpr unsigned kWorkers = 2;
  std::vector<Judgement> judgements(kWorkers);
  std::atomic<int> kills{0};
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < kWorkers; ++i) {
      workers.emplace_back([&, i] {
        Victim victim(rig, mode, i, tools);
        judgements[i] = victim.Play(epochs);
        kills += victim.kills();
      });
    }
  }
  for (auto& judgement : judgements) {
    if (judgement.verdict != Verdict::kPass) return std::move(judgement);
  }
  auto judgement = Judgement::Pass();
  judgement.message = fmt::format("killed {} times", kills.load());
  return judgement;
}

Judgement KilledAtWork(Rig& rig, Mode mode) { return KillHosts(rig, mode, false, 8); }

Judgement KilledWithTools(Rig& rig, Mode mode) { return KillHosts(rig, mode, true, 4); }

const CheckRegistration kAtWork(
    {.name = "crash/killed-at-work",
     .requirements = {"CRASH-01", "CRASH-02"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "SIGKILL at seeded moments, restart, audit: whole turns in order, and all replays.",
     .play = KilledAtWork});
const CheckRegistration kWithTools(
    {.name = "crash/killed-with-tools",
     .requirements = {"CRASH-01", "CRASH-02", "CRASH-03", "IDEM-10"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "SIGKILL during tool calls, restart, audit: no effect is doubled or made up.",
     .capabilities = {"tools"},
     .play = KilledWithTools});

}  // namespace
}  // namespace touchstone
