// IDEM-04 between hosts: two long-lived hosts on one state directory are asked for the same pair.
// And what becomes of a pair whose host stood still, as a laptop does that was closed, while
// another one was asked for it.
#include <fmt/format.h>
#include <signal.h>

#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;

// -- two hosts, one pair -------------------------------------------------------------------------

class TwoHosts {
 public:
  TwoHosts(Rig& rig, Mode mode) : scene_(rig, mode) {}

  Judgement Play(int rounds) {
    for (auto& host : hosts_) {
      host = scene_.StartAnother(&host == hosts_ ? "one" : "two");
      if (!host) return scene_.Judge();
    }
    for (int round = 0; round < rounds && scene_.sound(); ++round) {
      // Now one is asked first, now the other; and every other time both at the same moment.
      HostProcess& first = *hosts_[(round / 2) % 2];
      HostProcess& second = *hosts_[(round / 2 + 1) % 2];
      Ask(first, second, round, round % 2 == 1);
    }
    return scene_.Judge();
  }

 private:
  void Ask(HostProcess& first, HostProcess& second, int round, bool together) {
    const auto session = fmt::format("s{}", round), text = fmt::format("answer {}", round);
    const auto hold = fmt::format("gate{}", round), a = fmt::format("a{}", round),
               b = fmt::format("b{}", round);
    const auto calls = static_cast<std::size_t>(round) + 1;
    scene_.lane().SetRules({AnswerTo("same", text, hold)});
    scene_.Send(first, RunUnderKey(a, session, "same", "key"));
    if (!together && !scene_.AwaitCalls(calls, "WIRE-01")) return;
    scene_.Send(second, RunUnderKey(b, session, "same", "key"));
    if (!scene_.AwaitCalls(calls, "WIRE-01")) return;
    const Line* to_second = together ? nullptr : ToldAtOnce(second, session, b);
    scene_.lane().Release(hold);
    const Line* to_first = scene_.Answer(first, a, "LIFE-01");
    if (to_first && !to_second) to_second = scene_.Answer(second, b, "IDEM-04");
    if (!to_first || !to_second) return;
    // Together: whichever came first.
    const bool swapped = together && Executed(*to_second);
    JudgePair(*(swapped ? to_second : to_first), *(swapped ? to_first : to_second), text);
    const auto seen = scene_.lane().Journal().calls.size();
    scene_.Require(seen == calls, "IDEM-09",
                   fmt::format("the pair was asked of two hosts: one call must reach the provider, "
                               "{} did",
                               seen - calls + 1));
  }

  static bool Executed(const Line& line) { return StatusOf(line) == "OK" && !IsReplay(line); }

  // The duplicate's ack, which cannot be cancelled; nullptr from a host that waits for the other.
  const Line* ToldAtOnce(HostProcess& host, const std::string& session, const std::string& id) {
    const Line* told = host.Await([&](const Line& l) { return IsAnswerTo(l, id); },
                                  Clock::now() + milliseconds(200));
    if (!told || StatusOf(*told) != "DUPLICATE_IN_PROGRESS") return told;
    const auto cancel = "cancel " + id;
    scene_.Send(host, CancelRequest(cancel, session, id));
    if (const Line* answer = scene_.Answer(host, cancel, "IDEM-04")) {
      scene_.Require(CodeOf(*answer) == "INVALID_REQUEST", "IDEM-04",
                     fmt::format("a duplicate cannot be cancelled, got {}", answer->bytes));
    }
    return told;
  }

  void JudgePair(const Line& run, const Line& other, const std::string& text) {
    scene_.Require(Executed(run) && TextOf(run) == text, "IDEM-04",
                   fmt::format("the run must end OK with \"{}\", got {}", text, run.bytes));
    if (StatusOf(other) != "DUPLICATE_IN_PROGRESS") {
      scene_.Require(StatusOf(other) == "OK" && IsReplay(other) && TextOf(other) == text, "IDEM-04",
                     fmt::format("a pair that another host runs is DUPLICATE_IN_PROGRESS, or a "
                                 "replay of \"{}\" when that has ended; got {}",
                                 text, other.bytes));
      return;
    }
    const auto id = run.Text("request_id"), existing = other.Text("existing_request_id");
    scene_.Require(existing == id, "IDEM-04",
                   fmt::format("existing_request_id must be the other host's \"{}\", is \"{}\"",
                               id.value_or(""), existing.value_or("(none)")));
  }

  Scene scene_;
  HostProcess* hosts_[2] = {};
};

Judgement OnePairInTwoHosts(Rig& rig, Mode mode) { return TwoHosts(rig, mode).Play(40); }

// -- a host that stood still ---------------------------------------------------------------------

// Nothing is promised of when, or whether, another host takes the run over: only that there is one
// answer in the end, whoever gave it.
class StoodStill {
 public:
  StoodStill(Rig& rig, Mode mode) : scene_(rig, mode) {
    scene_.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "100");
    auto first = AnswerTo("hi", "answer of the first call", "gate");
    first.times = 1;
    scene_.lane().SetRules({std::move(first), AnswerAll("answer of a later call")});
  }

  // Its provider answers at once when it wakes up, or leaves it the time to look around first.
  Judgement Play(bool at_once) {
    HostProcess* stopped = scene_.StartAnother("stopped");
    if (!stopped) return scene_.Judge();
    scene_.Send(*stopped, RunUnderKey("a", "s", "hi", "k"));
    if (!scene_.AwaitCalls(1, "WIRE-01")) return scene_.Judge();
    stopped->Signal(SIGSTOP);
    AskAnother();
    stopped->Signal(SIGCONT);
    const auto is_answer = [](const Line& line) { return IsAnswerTo(line, "a"); };
    const Line* line =
        at_once ? nullptr : stopped->Await(is_answer, Clock::now() + milliseconds(1000));
    scene_.lane().Release("gate");
    if (!scene_.sound()) return scene_.Judge();
    if (!line) line = scene_.Answer(*stopped, "a", "LIFE-01");
    if (line) Note(*line, "that stood still");
    if (scene_.mode() == Mode::kStream) scene_.talk().Retire(*stopped);
    if (scene_.sound() && text_) LookBack();
    return scene_.Judge();
  }

 private:
  // For 2 s, which is 20 times the grace: until another host has answered, or given up.
  void AskAnother() {
    const auto until = Clock::now() + milliseconds(2000);
    for (int i = 0; scene_.sound() && Clock::now() < until; ++i) {
      auto request = RunUnderKey(fmt::format("b{}", i), "s", "hi", "k");
      request["timeout_ms"] = 2000;
      const auto line = Ask(scene_, request, "LIFE-01");
      if (!line || StatusOf(*line) != "DUPLICATE_IN_PROGRESS") {
        if (line) Note(*line, "that was asked meanwhile");
        return;
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
  }

  void Note(const Line& line, std::string_view who) {
    if (StatusOf(line) != "OK") return;
    if (!text_) text_ = TextOf(line);
    scene_.Require(TextOf(line) == *text_, "IDEM-01",
                   fmt::format("a pair has one answer: it was \"{}\", and the host {} says {}",
                               *text_, who, line.bytes));
  }

  void LookBack() {
    const auto again = Ask(scene_, RunUnderKey("c", "s", "hi", "k"), "IDEM-01");
    if (!again) return;
    scene_.Require(
        IsReplay(*again) && TextOf(*again) == *text_, "IDEM-01",
        fmt::format("the pair was answered \"{}\"; its replay is {}", *text_, again->bytes));
    if (!Ask(scene_, RunUnderKey("d", "s", "and then?", "k2"), "LIFE-01")) return;
    boost::json::array turns;
    AddTurn(turns, "hi", *text_);
    const auto journal = scene_.lane().Journal();
    for (const auto* call : CallsFor(journal, "and then?")) {
      scene_.Require(HistoryOf(*call) == turns, "LIFE-01",
                     fmt::format("the answer that came too late leaves no turn: the next call must "
                                 "show {}, it shows {}",
                                 ToJson(turns), ToJson(HistoryOf(*call))));
    }
  }

  Scene scene_;
  std::optional<std::string> text_;  // of the first OK
};

Judgement HostThatStoodStill(Rig& rig, Mode mode) {
  auto judgement = StoodStill(rig, mode).Play(true);
  return judgement.verdict == Verdict::kPass ? StoodStill(rig, mode).Play(false) : judgement;
}

const CheckRegistration kTwoHosts(
    {.name = "idem/one-pair-in-two-hosts",
     .requirements = {"IDEM-04", "IDEM-09"},
     .modes = {Mode::kStream},
     .about = "Two hosts are asked for one pair, one after the other and at once: one runs it.",
     .play = OnePairInTwoHosts});
const CheckRegistration kStoodStill(
    {.name = "life/host-that-stood-still",
     .requirements = {"LIFE-01", "IDEM-01"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A host is stopped, another asked for its run: whoever answers, it is one answer.",
     .play = HostThatStoodStill});

}  // namespace
}  // namespace touchstone
