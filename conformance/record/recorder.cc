#include "conformance/record/recorder.h"

#include <fmt/format.h>

#include <vector>

#include "conformance/drive/conversation.h"
#include "conformance/drive/requests.h"
#include "conformance/golden/provider_view.h"
#include "conformance/golden/step_kinds.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"
#include "fault-injection/provider/rule.h"

namespace touchstone::record {
namespace {

using boost::json::object;
using boost::json::value;

// A request that was sent and has no complete answer yet.
struct Open {
  std::string id;  // "unknown" where none can be read
  value request;
  std::size_t passage;
};

std::string IdOf(const value& request) {
  const auto* id = request.is_object() ? request.get_object().if_contains("request_id") : nullptr;
  if (!id || !id->is_string()) return "unknown";
  const std::string_view text = id->get_string();
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos ? "unknown"
                                                                     : std::string(text);
}

class Recorder {
 public:
  Recorder(Rig& rig, const Case& script, Mode mode)
      : script_(script), mode_(mode), talk_(rig, mode) {
    for (const auto& [name, setting] : script.env) SetEnv(name, setting);
  }

  Recording Play() {
    for (std::size_t i = 0; i < script_.steps.size() && recording_.failure.empty(); ++i) {
      const Step& step = script_.steps[i];
      if (!step.PlayedIn(mode_)) continue;
      recording_.passages.push_back({&step, {}, {}, {}, {}, {}});
      Act(step);
      const bool barrier_next =
          i + 1 < script_.steps.size() && script_.steps[i + 1].kind == "provider_saw";
      if (!step.kind.starts_with("send") || !recording_.failure.empty()) continue;
      if (mode_ != Mode::kStream)
        AwaitEnd();
      else if (barrier_next)
        AwaitAcks();
      else
        AwaitAnswers();
    }
    if (recording_.failure.empty()) End();
    recording_.violations = talk_.Violations();
    return std::move(recording_);
  }

 private:
  TimePoint Deadline() { return Clock::now() + talk_.rig().patience.Now(); }
  Passage& Current() { return recording_.passages.back(); }

  void SetEnv(std::string_view name, const value& setting) {
    talk_.SetEnv(std::string(name), setting.is_null()
                                        ? std::nullopt
                                        : std::optional(std::string(setting.get_string())));
  }

  value Resolve(const value& argument) {
    return Substitute(
        argument,
        [&](std::string_view name) -> std::optional<value> {
          const auto found = talk_.Variable(name);
          return found ? std::optional(value(boost::json::string(*found))) : std::nullopt;
        },
        true);
  }

  void Act(const Step& step) {
    const value argument = Resolve(step.argument);
    if (step.kind == "provider") {
      auto rules = provider::ParseRules(argument);
      if (rules)
        talk_.lane().SetRules(std::move(*rules));
      else
        recording_.failure = rules.error().message;
    } else if (step.kind == "env") {
      for (const auto& [name, setting] : argument.get_object()) SetEnv(name, setting);
    } else if (step.kind == "release") {
      talk_.lane().Release(std::string(argument.get_string()));
    } else if (step.kind == "provider_saw") {
      AwaitProvider(step, argument.get_object());
    } else {
      Send(step.kind == "send" ? ToJson(argument) + "\n" : RawBytes(argument));
    }
  }

  void AwaitProvider(const Step& step, const object& pattern) {
    Captures captures;
    const bool held = talk_.lane().WaitUntil(
        [&](const provider::Snapshot& journal) {
          Captures scratch = captures;
          return !ProviderMismatch(pattern, journal, scratch);
        },
        Deadline());
    if (held) return;
    recording_.failure = fmt::format(
        "{}:{}: the provider never saw {}: {}", script_.file.string(), step.line, ToJson(pattern),
        ProviderMismatch(pattern, talk_.lane().Journal(), captures).value_or(""));
  }

  void Send(const std::string& bytes) {
    auto host = talk_.ForRequest();
    if (!host) {
      recording_.failure = host.error();
      return;
    }
    (*host)->Send(bytes, Deadline());
    if (mode_ != Mode::kStream) (*host)->CloseStdin();
    for (std::string_view rest = bytes; !rest.empty();) {
      const auto lf = rest.find('\n');
      const auto line = rest.substr(0, lf);
      rest.remove_prefix(lf == std::string_view::npos ? rest.size() : lf + 1);
      // A stream ignores blank lines, and reads a line when its LF has come.
      const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
      if (mode_ == Mode::kStream && (blank || lf == std::string_view::npos)) continue;
      const auto json = ParseStrict(line);
      const value request = json ? *json : value();
      open_.push_back({IdOf(request), request, recording_.passages.size() - 1});
    }
  }

  // The next line that may answer the request: under its id, or under none that can be told.
  Line* AwaitLineFor(const Open& open) {
    return talk_.Find()->Await(
        [&](const Line& line) {
          const auto id = line.Text("request_id");
          return !line.object() || !id || *id == open.id || *id == "unknown";
        },
        Deadline());
  }

  // Where it came, not where it was asked for: a case expects it there.
  void Keep(const Line& line, const value& request) {
    Heard heard{line.bytes, std::nullopt, request};
    if (line.object()) heard.json = *line.json;
    Current().lines.push_back(std::move(heard));
  }

  // The lines of the requests that this step sent, up to the answer of each, in the order in which
  // they were sent. Those of earlier steps may be held by the provider.
  void AwaitAnswers() {
    AwaitEach(false);
    CountCalls();
  }
  void AwaitAcks() { AwaitEach(true); }

  void AwaitEach(bool only_acks, bool of_all = false) {
    std::erase_if(open_, [&](const Open& open) {
      const bool wanted = of_all || open.passage == recording_.passages.size() - 1;
      return wanted && AwaitAnswer(open, only_acks);
    });
  }

  // True when nothing more is to come for it.
  bool AwaitAnswer(const Open& open, bool only_ack) {
    while (HostProcess* host = talk_.Find()) {
      const Line* line = AwaitLineFor(open);
      if (!line) {
        const bool ended = host->stdout_ended();
        if (!ended) talk_.rig().patience.RanOut();
        Current().notes.push_back(fmt::format("\"{}\" was not answered: {}", open.id,
                                              ended ? "stdout ended" : "nothing came in time"));
        return true;
      }
      Keep(*line, open.request);
      const bool answer =
          !line->object() || IsAnswerTo(*line, line->Text("request_id").value_or(""));
      if (answer) return true;
      if (only_ack && IsAccepted(*line, open.id)) return false;
    }
    return true;
  }

  // A one-shot: all that it writes, and how it ends.
  void AwaitEnd() {
    HostProcess* host = talk_.Find();
    const auto end = host->AwaitEnd(Deadline());
    const value request = open_.empty() ? value() : open_.front().request;
    open_.clear();
    while (const Line* line = host->Await([](const Line&) { return true; }, Clock::now()))
      Keep(*line, request);
    if (!end) {
      talk_.rig().patience.RanOut();
      Current().notes.push_back("the process did not end in time");
    } else if (end->status.signalled) {
      Current().notes.push_back("the process was ended by a signal: " + end->status.ToString());
    } else {
      Current().exit_status = end->status.value;
    }
    CountCalls();
  }

  void CountCalls() {
    const auto journal = talk_.lane().Journal();
    Current().calls = journal.calls.size();
    if (journal.calls.size() > calls_) Current().turns = TurnsOf(journal.calls.back());
    calls_ = journal.calls.size();
  }

  void End() {
    if (!open_.empty()) {
      AwaitEach(false, true);
      CountCalls();
    }
    talk_.Finish();
    HostProcess* host = talk_.Find();
    if (!host) return;
    recording_.passages.emplace_back();
    while (const Line* line = host->Await([](const Line&) { return true; }, Clock::now()))
      Keep(*line, value());
  }

  const Case& script_;
  const Mode mode_;
  Conversation talk_;
  Recording recording_;
  std::vector<Open> open_;
  std::size_t calls_ = 0;
};

}  // namespace

Recording Record(Rig& rig, const Case& script, Mode mode) {
  return Recorder(rig, script, mode).Play();
}

}  // namespace touchstone::record
