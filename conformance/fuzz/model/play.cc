#include "conformance/fuzz/model/play.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "conformance/drive/conversation.h"
#include "conformance/drive/requests.h"
#include "conformance/fuzz/model/words.h"
#include "conformance/golden/provider_view.h"
#include "conformance/observe/strict_json.h"

namespace touchstone::model {
namespace {

using boost::json::object;
using std::chrono::milliseconds;

constexpr milliseconds kShortTimeout{30}, kGrace{100}, kTolerance{5}, kSlice{5};
constexpr std::size_t kManyWorlds = 200;
constexpr int kMostRacing = 6;
// Ids that look alike (SESS-02), and a pair that joins badly (IDEM-03).
constexpr std::string_view kSessions[] = {"a", "A", "a:b"};
constexpr std::string_view kBroken[] = {"{", "[]", "null", "{\"type\":\"run\"}", "\xff", "run"};

provider::Rule RuleOf(int run, Provider provider) {
  provider::Rule rule;
  rule.match.text = PromptOf(run);
  rule.respond.text = TextOf(run);
  if (provider == Provider::kHeld || provider == Provider::kHeldDown)
    rule.respond.hold = PromptOf(run);
  if (provider == Provider::kSlow) rule.respond.delay_ms = 15;
  if (provider == Provider::kAuth) rule.respond.status = 401;
  if (provider == Provider::kRejected) rule.respond.status = 400;
  if (provider == Provider::kDown || provider == Provider::kHeldDown)
    rule.respond.close = provider::Place::kInBody;
  return rule;
}

Answer AnswerOf(Provider provider) {
  if (provider == Provider::kAuth) return Answer::kAuth;
  if (provider == Provider::kRejected) return Answer::kRejected;
  if (provider == Provider::kDown || provider == Provider::kHeldDown) return Answer::kDown;
  return Answer::kOk;
}

class Player {
 public:
  Player(Rig& rig, const Program& program, milliseconds patience)
      : program_(program), patience_(patience), talk_(rig, Mode::kStream), model_(program.limits) {}

  Played Run() {
    Prepare();
    auto host = talk_.Start();
    if (!host) {
      played_.not_played = host.error();
      return std::move(played_);
    }
    host_ = *host;
    // A signal before the host is up would be nobody's business.
    bool sound = Send({.id = "up"}, AsLine(PingRequest("up"))) && Settle();
    for (const Step& step : program_.steps) {
      if (!sound) break;
      ++played_.steps_done;
      sound = Do(step);
      const bool waits = !step.at_once || model_.worlds() > kManyWorlds || ++racing_ >= kMostRacing;
      if (sound && waits && step.act != Act::kTerm) sound = Settle();
      sound = sound && !model_.lost();
    }
    if (sound) Finish();
    played_.lost = model_.lost();
    played_.lines = static_cast<int>(sent_);
    played_.runs = static_cast<int>(runs_.size());
    if (!played_.violations.empty()) played_.transcript = talk_.Transcript();
    return std::move(played_);
  }

 private:
  struct Started {
    Input input;
    bool released = false;
  };

  void Prepare() {
    talk_.SetEnv("ZENE_MAX_CONCURRENCY", std::to_string(program_.limits.slots));
    talk_.SetEnv("ZENE_QUEUE_MAX", std::to_string(program_.limits.queue));
    talk_.SetEnv("ZENE_CANCEL_GRACE_MS", std::to_string(kGrace.count()));
    // No time but that of the program runs out.
    for (const char* name :
         {"ZENE_QUEUE_WAIT_TIMEOUT_MS", "ZENE_REQUEST_TIMEOUT_MS", "ZENE_PROVIDER_TIMEOUT_MS"})
      talk_.SetEnv(name, "3600000");
    std::vector<provider::Rule> rules;
    for (const Step& step : program_.steps) {
      if (step.act == Act::kRun)
        rules.push_back(RuleOf(static_cast<int>(rules.size()), step.provider));
    }
    talk_.lane().SetRules(std::move(rules));
  }

  bool Do(const Step& step) {
    // What came so far came before this.
    if (!Listen()) return false;
    if (step.act == Act::kRelease) return Release(step.pick);
    if (closed_ || gone_) return true;
    switch (step.act) {
      case Act::kEof:
        Tell("close stdin");
        closed_ = true;
        host_->CloseStdin();
        return true;
      case Act::kTerm:
        if (terminated_at_) return true;
        Tell("SIGTERM");
        model_.Terminate();
        terminated_at_ = Clock::now();
        talk_.EndedByPlay(*host_);
        host_->Signal(SIGTERM);
        return true;
      case Act::kMalformed: {
        const auto line = kBroken[static_cast<std::size_t>(step.pick) % std::size(kBroken)];
        Tell(fmt::format("send the line {}", line == "\xff" ? "\\xff" : line));
        return Send({.kind = Input::Kind::kMalformed, .id = "unknown"}, std::string(line) + "\n");
      }
      case Act::kRun:
        return SendRun(step);
      default:
        return SendControl(step);
    }
  }

  bool SendRun(const Step& step) {
    const int run = static_cast<int>(runs_.size());
    Input input{.kind = Input::Kind::kRun,
                .id = fmt::format("r{}", run),
                .session = std::string(kSessions[step.session]),
                .key = fmt::format("k{}", run),
                .answer = AnswerOf(step.provider),
                .held = step.provider == Provider::kHeld || step.provider == Provider::kHeldDown,
                .short_timeout = step.short_timeout};
    if (const Started* other = Picked(step.pick)) {
      if (step.twist == Twist::kSamePair) input.session = other->input.session;
      if (step.twist == Twist::kSamePair || step.twist == Twist::kSameKey)
        input.key = other->input.key;
      if (step.twist == Twist::kSameId) input.id = other->input.id;
      // "a:b" + "k" is not "a" + "b:k".
      if (step.twist == Twist::kColon && other->input.session == "a:b") {
        input.session = "a";
        input.key = "b:" + other->input.key;
      }
    }
    auto request = RunRequest(input.id, input.session, PromptOf(run));
    request["idempotency_key"] = input.key;
    if (input.short_timeout) request["timeout_ms"] = kShortTimeout.count();
    Tell(fmt::format("run {} in \"{}\" under {}{}{}", input.id, input.session, input.key,
                     input.short_timeout ? fmt::format(", {} ms", kShortTimeout.count()) : "",
                     step.provider == Provider::kOk ? "" : ", provider " + Name(step.provider)));
    runs_.push_back({input, !input.held});
    begun_.emplace(input.id, Clock::now());
    return Send(std::move(input), AsLine(request));
  }

  bool SendControl(const Step& step) {
    Input input{.id = fmt::format("c{}", sent_), .session = std::string(kSessions[step.session])};
    object request = PingRequest(input.id);
    if (step.act == Act::kCancel) {
      input.kind = Input::Kind::kCancel;
      const Started* other = Picked(step.pick);
      input.target = other ? other->input.id : "nobody";
      if (other && step.twist == Twist::kFresh) input.session = other->input.session;
      request = CancelRequest(input.id, input.session, input.target);
      Tell(fmt::format("cancel {} from \"{}\" ({})", input.target, input.session, input.id));
    } else if (step.act == Act::kClose) {
      input.kind = Input::Kind::kClose;
      request["type"] = "session_close";
      request["session_id"] = input.session;
      Tell(fmt::format("close session \"{}\" ({})", input.session, input.id));
    } else {
      Tell(fmt::format("ping ({})", input.id));
    }
    return Send(std::move(input), AsLine(request));
  }

  bool Send(Input input, const std::string& line) {
    ++sent_;
    model_.Send(std::move(input));
    host_->Send(line, Clock::now() + patience_);
    return true;
  }

  bool Release(int pick) {
    std::vector<std::size_t> held;
    for (std::size_t run = 0; run < runs_.size(); ++run) {
      if (!runs_[run].released) held.push_back(run);
    }
    if (held.empty()) return true;
    const auto run = held[held.size() - 1 - static_cast<std::size_t>(pick) % held.size()];
    Tell(fmt::format("the provider answers {}", PromptOf(static_cast<int>(run))));
    runs_[run].released = true;
    model_.Released(static_cast<int>(run));
    talk_.lane().Release(PromptOf(static_cast<int>(run)));
    return true;
  }

  const Started* Picked(int pick) const {
    if (runs_.empty()) return nullptr;
    return &runs_[runs_.size() - 1 - static_cast<std::size_t>(pick) % runs_.size()];
  }

  // All lines and calls that are there.
  bool Listen() {
    while (const Line* line = host_->Await([](const Line&) { return true; }, Clock::now())) {
      if (!Hear(*line)) return false;
    }
    host_->ForgetConsumed();
    std::vector<std::pair<int, std::vector<int>>> calls;
    talk_.lane().WaitUntil(
        [&](const provider::Snapshot& journal) {
          for (; calls_ < journal.calls.size(); ++calls_)
            calls.push_back(ReadCall(journal.calls[calls_]));
          return true;
        },
        Clock::now());
    for (const auto& [run, history] : calls) {
      if (!Check(model_.Call(run, history))) return false;
      news_at_ = Clock::now();
    }
    played_.most_worlds = std::max(played_.most_worlds, model_.worlds());
    const auto always = host_->Violations();
    played_.violations.insert(played_.violations.end(), always.begin(), always.end());
    return always.empty();
  }

  bool Hear(const Line& line) {
    const auto word = ReadWord(line);
    if (!word) return true;  // the always-on checks blame its shape
    if (!Check(model_.Hear(*word))) return false;
    heard_.push_back(*word);
    news_at_ = Clock::now();
    const auto begun = begun_.find(word->id);
    if (word->said == Said::kTimeout && begun != begun_.end() &&
        line.at < begun->second + kShortTimeout - kTolerance) {
      return Check(Violation{"TIME-01",
                             fmt::format("\"{}\" ended TIMEOUT before its timeout_ms", word->id)});
    }
    if (terminated_at_ && word->said == Said::kError && word->code == "INTERNAL" &&
        line.at < *terminated_at_ + kGrace - kTolerance && !IsRejected(word->id)) {
      return Check(Violation{"LIFE-07",
                             fmt::format("\"{}\" was ended before the grace was over", word->id)});
    }
    return true;
  }

  bool IsRejected(const std::string& id) const {
    return std::ranges::any_of(runs_, [&](const Started& run) {
      return run.input.id == id && run.input.answer == Answer::kRejected;
    });
  }

  bool Check(std::optional<Violation> violation) {
    if (violation) played_.violations.push_back(std::move(*violation));
    return played_.violations.empty();
  }

  // Until nothing is to come, or the model is lost. Patience is for what has not come: on a slow
  // machine the model may think for longer than that about many worlds, while lines and calls wait
  // to be heard.
  bool Settle() {
    news_at_ = Clock::now();
    racing_ = 0;
    while (true) {
      const auto asked = Clock::now();
      if (!Listen()) return false;
      const auto deadline = news_at_ + patience_;
      if (!gone_ && host_->AwaitExit(Clock::now())) {
        host_->AwaitEnd(deadline);
        if (!Listen()) return false;
        gone_ = true;
        model_.Exited();
      }
      if (model_.Settle()) break;
      if (gone_ || asked >= deadline) return Check(model_.Missing());
      const auto until = Clock::now() + kSlice;
      if (model_.OwesACall()) {
        talk_.lane().WaitUntil(
            [&](const provider::Snapshot& journal) { return journal.calls.size() > calls_; },
            until);
      } else if (const Line* line = host_->Await([](const Line&) { return true; }, until)) {
        if (!Hear(*line)) return false;
      } else {
        host_->AwaitExit(std::min(until, Clock::now() + milliseconds(1)));
      }
    }
    return !model_.lost() && CallsAreClosed(Clock::now() + patience_);
  }

  // CTRL-06: whose run has ended is not waited for at the provider.
  bool CallsAreClosed(TimePoint deadline) {
    int open = -1;
    const bool closed = talk_.lane().WaitUntil(
        [&](const provider::Snapshot& journal) {
          // Of a call that has come meanwhile the model does not know yet.
          for (std::size_t i = 0; i < calls_; ++i) {
            const auto& call = journal.calls[i];
            if (call.answered || call.closed_at) continue;
            open = ReadCall(call).first;
            if (!model_.Executes(open)) return false;
          }
          return true;
        },
        deadline);
    if (closed) return true;
    return Check(Violation{"CTRL-06", fmt::format("the provider's connection of {} is still open, "
                                                  "though the run has ended",
                                                  PromptOf(open))});
  }

  void Finish() {
    if (!terminated_at_) {
      if (!closed_) Tell("close stdin");
      host_->CloseStdin();
      closed_ = true;
      while (std::ranges::count(runs_, false, &Started::released) > 0) Release(0);
    }
    if (!Settle() || model_.lost()) return;
    const std::string rule = terminated_at_ ? "LIFE-07" : "FRAME-13";
    const auto end = host_->AwaitEnd(Clock::now() + patience_);
    if (!end || end->status != ExitStatus{false, 0}) {
      Check(Violation{rule, fmt::format("the host must exit 0, got {}",
                                        end ? end->status.ToString() : "no exit")});
      return;
    }
    gone_ = true;
    model_.Exited();
    if (!Listen() || (!model_.Settle() && !Check(model_.Missing()))) return;
    talk_.Finish();
    played_.violations = talk_.Violations();
  }

  void Tell(std::string what) { played_.story.push_back(std::move(what)); }

  const Program& program_;
  const milliseconds patience_;
  Conversation talk_;
  Model model_;
  HostProcess* host_ = nullptr;
  std::vector<Started> runs_;
  std::map<std::string, TimePoint> begun_;  // of an id, its first use
  std::size_t sent_ = 0, calls_ = 0;
  int racing_ = 0;  // steps since all was quiet
  bool closed_ = false, gone_ = false;
  std::optional<TimePoint> terminated_at_;
  std::vector<Word> heard_;
  TimePoint news_at_;  // when a line or a call was last taken in
  Played played_;
};

}  // namespace

Played Play(Rig& rig, const Program& program, milliseconds patience) {
  return Player(rig, program, patience).Run();
}

}  // namespace touchstone::model
