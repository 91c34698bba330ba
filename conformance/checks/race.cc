// LIFE-01 and what hangs on it: a cancel, a timeout, a close or a shutdown meets the provider's
// answer within a few milliseconds, hundreds of times. Whatever wins, there is one terminal, and
// the session and the idempotency entry agree with it.
//
// The provider holds each answer; the sweep lets it go some milliseconds before, at or after the
// attack. The delays come from the run's seed.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <functional>
#include <random>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using std::chrono::microseconds;
using std::chrono::milliseconds;

enum class Attack { kCancel, kTimeout, kClose, kTerm };

constexpr milliseconds kTimeout{120};

// One run and what became of it.
struct Racer {
  int number = 0;
  std::string id, session, prompt, answer;
  TimePoint begun, attack_at, release_at;
  HostProcess* host = nullptr;
  Line terminal;
  std::string status;

  explicit Racer(int n)
      : number(n),
        id(fmt::format("r{}", n)),
        session(fmt::format("s{}", n)),
        prompt(fmt::format("race {}.", n)),
        answer(fmt::format("answer {}", n)) {}
  bool ok() const { return status == "OK"; }
};

object CloseRequest(const Racer& racer) {
  return {{"protocol_version", 1},
          {"type", "session_close"},
          {"request_id", "x-" + racer.id},
          {"session_id", racer.session}};
}

class Race {
 public:
  Race(Rig& rig, Mode mode, Attack attack)
      : scene_(rig, mode), attack_(attack), random_(rig.seed + static_cast<unsigned>(attack)) {
    auto& talk = scene_.talk();
    talk.SetEnv("ZENE_MAX_CONCURRENCY", "64");
    talk.SetEnv("ZENE_CANCEL_GRACE_MS", attack == Attack::kTerm ? "4" : "1000");
  }

  Judgement Run(int trials, int at_once) {
    for (int first = 0; first < trials; first += at_once) {
      std::vector<Racer> racers;
      for (int i = first; i < std::min(first + at_once, trials); ++i) racers.emplace_back(i);
      if (!Begin(racers) || !Collide(racers) || !Collect(racers) || !Verify(racers)) break;
      if (!scene_.talk().Violations().empty()) break;  // one failed batch says it all
    }
    auto judgement = scene_.Judge();
    if (judgement.verdict == Verdict::kPass)
      judgement.message = fmt::format("{} answers won, {} came too late", won_, lost_);
    return judgement;
  }

 private:
  bool stream() const { return scene_.mode() == Mode::kStream; }

  bool Begin(std::vector<Racer>& racers) {
    std::vector<provider::Rule> rules;
    for (const auto& racer : racers)
      rules.push_back(AnswerTo(racer.prompt, racer.answer, racer.id));
    rules.push_back(AnswerAll("later"));
    scene_.lane().SetRules(std::move(rules));
    const auto before = scene_.lane().Journal().calls.size();
    for (auto& racer : racers) {
      racer.host = stream() ? scene_.Host() : scene_.StartAnother();
      if (!racer.host) return false;
      auto request = RunRequest(racer.id, racer.session, racer.prompt);
      if (attack_ == Attack::kTimeout) request["timeout_ms"] = kTimeout.count();
      racer.begun = scene_.Send(*racer.host, request).ended;
    }
    // A timeout runs already. Where the machine is so slow that it beats the call, it has won.
    if (attack_ == Attack::kTimeout) return true;
    return scene_.AwaitCalls(before + racers.size(), "LIFE-01");
  }

  // The attacks come 2 ms apart, each answer within 5 ms of its attack; with SIGTERM there is one
  // attack, and the answers come around it and around the end of the grace.
  bool Collide(std::vector<Racer>& racers) {
    std::uniform_int_distribution<int> sweep(-5000, 5000);
    const auto start = Clock::now() + milliseconds(8);
    std::vector<std::pair<TimePoint, std::function<void()>>> acts;
    for (std::size_t i = 0; i < racers.size(); ++i) {
      Racer& racer = racers[i];
      racer.attack_at = attack_ == Attack::kTimeout ? racer.begun + kTimeout
                        : attack_ == Attack::kTerm  ? start
                                                    : start + static_cast<int>(i) * milliseconds(2);
      racer.release_at = racer.attack_at + microseconds(sweep(random_));
      acts.emplace_back(racer.release_at, [&] { scene_.lane().Release(racer.id); });
      if (attack_ == Attack::kTimeout || (attack_ == Attack::kTerm && i > 0)) continue;
      acts.emplace_back(racer.attack_at, [&] { Strike(racer); });
    }
    std::sort(acts.begin(), acts.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [at, act] : acts) {
      std::this_thread::sleep_until(at);
      act();
    }
    return true;
  }

  void Strike(Racer& racer) {
    if (attack_ == Attack::kTerm) {
      scene_.talk().EndedByPlay(*racer.host);
      racer.host->Signal(SIGTERM);
    } else if (attack_ == Attack::kClose) {
      scene_.Send(*racer.host, CloseRequest(racer));
    } else {
      scene_.Send(*racer.host, CancelRequest("x-" + racer.id, racer.session, racer.id));
    }
  }

  bool Collect(std::vector<Racer>& racers) {
    for (auto& racer : racers) {
      const Line* line =
          scene_.Answer(*racer.host, racer.id, attack_ == Attack::kTerm ? "LIFE-07" : "LIFE-01");
      if (!line) return false;
      racer.terminal = *line;
      racer.status = StatusOf(*line);
      if (racer.status != "OK" && (attack_ == Attack::kTimeout || attack_ == Attack::kTerm))
        racer.status = CodeOf(*line);
      ++(racer.ok() ? won_ : lost_);
      JudgeTerminal(racer);
      if (!JudgeAttack(racer, *line)) return false;
    }
    if (attack_ == Attack::kTerm) return AwaitExit(*racers.front().host);
    if (!stream()) {
      for (auto& racer : racers) scene_.talk().Retire(*racer.host);
    }
    return true;
  }

  void JudgeTerminal(const Racer& racer) {
    const std::string lost = attack_ == Attack::kTimeout ? "TIMEOUT"
                             : attack_ == Attack::kTerm  ? "INTERNAL"
                                                         : "CANCELED";
    scene_.Require(
        racer.ok() || racer.status == lost, attack_ == Attack::kTerm ? "LIFE-07" : "LIFE-01",
        fmt::format("a run that raced must end OK or {}, got {}", lost, racer.terminal.bytes));
    scene_.Require(
        !racer.ok() || TextOf(racer.terminal) == racer.answer, "LIFE-01",
        fmt::format("its text must be \"{}\", got {}", racer.answer, racer.terminal.bytes));
  }

  // The answer to the cancel or close must fit the terminal.
  bool JudgeAttack(const Racer& racer, const Line& terminal) {
    if (attack_ != Attack::kCancel && attack_ != Attack::kClose) return true;
    const std::string requirement = attack_ == Attack::kCancel ? "CTRL-02" : "CTRL-09";
    const Line* reply = scene_.Answer(*racer.host, "x-" + racer.id, requirement);
    if (!reply) return false;
    if (attack_ == Attack::kClose) {
      scene_.Require(
          StatusOf(*reply) == "SESSION_CLOSED", requirement,
          fmt::format("the close must be answered SESSION_CLOSED, got {}", reply->bytes));
      // A run that was decided before the close may be told of behind it: answers to different
      // requests have no order.
      if (racer.ok()) return true;
      const auto lines = racer.host->Lines();
      scene_.Require(std::find(lines.begin(), lines.end(), &terminal) <
                         std::find(lines.begin(), lines.end(), reply),
                     requirement,
                     fmt::format("run {} must end before its session is closed", racer.id));
      return true;
    }
    const bool accepted = StatusOf(*reply) == "CANCEL_ACCEPTED";
    scene_.Require(accepted || CodeOf(*reply) == "INVALID_REQUEST", requirement,
                   fmt::format("a cancel is accepted or INVALID_REQUEST, got {}", reply->bytes));
    scene_.Require(
        accepted != racer.ok(), accepted ? "CTRL-02" : "CTRL-04",
        fmt::format("the cancel of run {} was answered {}, yet it ended {}", racer.id,
                    accepted ? "CANCEL_ACCEPTED" : "INVALID_REQUEST", racer.terminal.bytes));
    return true;
  }

  bool AwaitExit(HostProcess& host) {
    const auto end = host.AwaitEnd(scene_.Deadline());
    return scene_.Require(end && end->status == ExitStatus{false, 0}, "LIFE-07",
                          fmt::format("SIGTERM must lead to exit 0, got {}",
                                      end ? end->status.ToString() : "no exit"));
  }

  // The same key again, then another run of the session: replay and turn exactly for the winners.
  bool Verify(const std::vector<Racer>& racers) {
    std::vector<object> again, next;
    for (const auto& racer : racers) {
      again.push_back(
          RunUnderKey("a" + racer.id, racer.session, "again " + racer.id + ".", "k-" + racer.id));
      next.push_back(RunRequest("n" + racer.id, racer.session, "next " + racer.id + "."));
    }
    const auto retried = AskAll(scene_, again, "LIFE-01");
    if (retried.size() < racers.size()) return false;
    if (AskAll(scene_, next, "TIME-05").size() < racers.size()) return false;
    const auto journal = scene_.lane().Journal();
    for (std::size_t i = 0; i < racers.size(); ++i) JudgeRetry(racers[i], retried[i], journal);
    return true;
  }

  void JudgeRetry(const Racer& racer, const Line& retried, const provider::Snapshot& journal) {
    const auto again = "again " + racer.id + ".", next = "next " + racer.id + ".";
    boost::json::array history;
    const auto said = fmt::format("run {} ended {}", racer.id, racer.status);
    if (racer.ok()) {
      scene_.Require(
          IsReplay(retried) && TextOf(retried) == racer.answer && CallsFor(journal, again).empty(),
          "IDEM-01", fmt::format("{}: its key must be replayed, got {}", said, retried.bytes));
      AddTurn(history, racer.prompt, racer.answer);
    } else {
      const auto calls = CallsFor(journal, again);
      scene_.Require(StatusOf(retried) == "OK" && !IsReplay(retried) && calls.size() == 1,
                     "IDEM-06",
                     fmt::format("{}: its key must run again, got {}", said, retried.bytes));
      for (const auto* call : calls)
        scene_.Require(HistoryOf(*call).empty(), "LIFE-01",
                       fmt::format("{}: it must leave no turn, yet the next run shows {}", said,
                                   ToJson(HistoryOf(*call))));
      AddTurn(history, again, "later");
    }
    if (attack_ == Attack::kClose && racer.ok()) history.clear();
    for (const auto* call : CallsFor(journal, next)) {
      scene_.Require(HistoryOf(*call) == history, attack_ == Attack::kClose ? "CTRL-09" : "LIFE-01",
                     fmt::format("{}: the session must show {}, it shows {}", said, ToJson(history),
                                 ToJson(HistoryOf(*call))));
    }
  }

  Scene scene_;
  const Attack attack_;
  std::mt19937_64 random_;
  int won_ = 0, lost_ = 0;
};

Judgement CancelAgainstCompletion(Rig& rig, Mode mode) {
  return Race(rig, mode, Attack::kCancel).Run(200, 20);
}
Judgement CloseAgainstCompletion(Rig& rig, Mode mode) {
  return Race(rig, mode, Attack::kClose).Run(200, 20);
}
Judgement TimeoutAgainstCompletion(Rig& rig, Mode mode) {
  Race race(rig, mode, Attack::kTimeout);
  return mode == Mode::kStream ? race.Run(200, 25) : race.Run(24, 4);
}
Judgement ShutdownAgainstCompletion(Rig& rig, Mode mode) {
  return Race(rig, mode, Attack::kTerm).Run(120, 8);
}

const CheckRegistration kCancel(
    {.name = "life/cancel-races-completion",
     .requirements = {"LIFE-01", "CTRL-02", "CTRL-04", "IDEM-01", "IDEM-06"},
     .modes = {Mode::kStream},
     .about = "200 cancels within 5 ms of the answer: one terminal each, and all else agrees.",
     .play = CancelAgainstCompletion});
const CheckRegistration kClose(
    {.name = "life/close-races-completion",
     .requirements = {"LIFE-01", "CTRL-09", "IDEM-01", "IDEM-06"},
     .modes = {Mode::kStream},
     .about = "200 closes within 5 ms of the answer: one terminal each, the context forgotten.",
     .play = CloseAgainstCompletion});
const CheckRegistration kTimeoutRace(
    {.name = "life/timeout-races-completion",
     .requirements = {"LIFE-01", "TIME-05", "IDEM-01", "IDEM-06"},
     .modes = {Mode::kStream},
     .about = "200 timeouts within 5 ms of the answer: one terminal each, and all else agrees.",
     .play = TimeoutAgainstCompletion});
const CheckRegistration kTimeoutRaceOneShot(
    {.name = "life/timeout-races-completion-one-shot",
     .requirements = {"LIFE-01", "IDEM-01", "IDEM-06"},
     .modes = {Mode::kOneShot, Mode::kBridge},
     .about = "24 timeouts within milliseconds of the answer: one line each, and all else agrees.",
     .play = TimeoutAgainstCompletion});
const CheckRegistration kShutdown(
    {.name = "life/shutdown-races-completion",
     .requirements = {"LIFE-01", "LIFE-07", "IDEM-01", "IDEM-06"},
     .modes = {Mode::kStream},
     .about =
         "SIGTERM within 5 ms of 120 answers: each run gets its terminal, and all else agrees.",
     .play = ShutdownAgainstCompletion});

}  // namespace
}  // namespace touchstone
