// SESS and what hangs on it, read at the provider: the messages of a request are changed on their
// way there.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/provider_proxy.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

using Array = boost::json::array;

std::string RoleOf(const boost::json::value& message) {
  return message.is_object() ? Text(message.get_object(), "role") : std::string();
}
std::string ContentOf(const boost::json::value& message) {
  return message.is_object() ? Text(message.get_object(), "content") : std::string();
}

// One earlier turn: the user's message and all up to the next user's.
using Turn = std::vector<boost::json::value>;

struct Transcript {
  Array system;
  std::vector<Turn> turns;  // the last one is the new prompt's

  explicit Transcript(const Array& messages) {
    for (const auto& message : messages) {
      if (RoleOf(message) == "system" && turns.empty()) {
        system.push_back(message);
      } else {
        if (RoleOf(message) == "user" || turns.empty()) turns.emplace_back();
        turns.back().push_back(message);
      }
    }
  }
  Array Joined() const {
    Array messages = system;
    for (const auto& turn : turns) messages.insert(messages.end(), turn.begin(), turn.end());
    return messages;
  }
  std::size_t earlier() const { return turns.empty() ? 0 : turns.size() - 1; }
};

using Retell = std::function<void(Transcript&)>;

// Changes the transcript of a provider call.
void Change(ProviderExchange& exchange, const Retell& retell) {
  auto body = exchange.asks() ? Parsed(exchange.body) : std::nullopt;
  const auto* messages = body ? body->if_contains("messages") : nullptr;
  if (!messages || !messages->is_array()) return;
  Transcript transcript(messages->get_array());
  retell(transcript);
  (*body)["messages"] = transcript.Joined();
  exchange.body = Lined(*body);
  exchange.body.pop_back();
}

Tampering Showing(Retell retell) {
  Tampering tampering;
  tampering.provider = [retell](ProviderExchange& exchange) { Change(exchange, retell); };
  return tampering;
}

Tampering OnlyTheLast(std::size_t most) {
  return Showing([most](Transcript& transcript) {
    auto& turns = transcript.turns;
    if (transcript.earlier() > most)
      turns.erase(turns.begin(), turns.end() - static_cast<std::ptrdiff_t>(most) - 1);
  });
}

Tampering OnlyTheLastBytes(std::size_t most) {
  return Showing([most](Transcript& transcript) {
    auto& turns = transcript.turns;
    std::size_t bytes = 0, kept = 0;
    for (; kept < transcript.earlier(); ++kept) {
      for (const auto& message : turns[transcript.earlier() - 1 - kept])
        bytes += ContentOf(message).size();
      if (bytes > most) break;
    }
    turns.erase(turns.begin(), turns.end() - static_cast<std::ptrdiff_t>(kept) - 1);
  });
}

// In a long context the newest turns are left out, in place of the oldest.
Tampering NewestDropped(std::size_t most) {
  return Showing([most](Transcript& transcript) {
    auto& turns = transcript.turns;
    if (transcript.earlier() > most)
      turns.erase(turns.begin() + static_cast<std::ptrdiff_t>(most), turns.end() - 1);
  });
}

Tampering OneTurnInTwenty(std::function<void(std::vector<Turn>&, std::size_t at)> change) {
  return Showing([change](Transcript& transcript) {
    for (std::size_t i = 0; i < transcript.earlier(); ++i) {
      if (OneOf(20, "losing turn " + ContentOf(transcript.turns[i].front()))) {
        change(transcript.turns, i);
        return;
      }
    }
  });
}

// -- failures
// --------------------------------------------------------------------------------------

// The prompts of runs that did not end OK, which the shim's thread tells the proxy's.
struct Failures {
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> prompts;  // by session
  std::map<std::string, std::string> session_of;            // by prompt

  std::set<std::string> with_tools;  // prompts

  static std::string Path(const Launch& launch, const std::string& session) {
    return Beside(launch, "failed-" + HashOf(session));
  }
};

// A failed run's prompt stays in the context, where `which` says so of its terminal. A file keeps
// it for other processes.
Tampering KeepingFailedTurns(std::function<bool(const Object& terminal)> which, bool with_answer,
                             bool with_tools_alone = false) {
  auto failures = std::make_shared<Failures>();
  auto tampering = Following(
      [failures](Object& line, Wire&, Runs& runs) {
        if (!IsRun(line)) return Fate::kPass;
        const auto session = Text(line, "session_id");
        const std::lock_guard lock(failures->mutex);
        failures->session_of[Text(line, "prompt")] = session;
        if (const auto kept = Contents(Failures::Path(runs.launch, session)))
          failures->prompts[session] = {*kept};
        return Fate::kPass;
      },
      [failures, which, with_tools_alone](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (!run || !Of("final")(line) || Of("final", "OK")(line) || !which(line))
          return Fate::kPass;
        const std::lock_guard lock(failures->mutex);
        if (with_tools_alone && !failures->with_tools.contains(Text(run->request, "prompt")))
          return Fate::kPass;
        failures->prompts[run->session].push_back(Text(run->request, "prompt"));
        Keep(Failures::Path(runs.launch, run->session), Text(run->request, "prompt"));
        return Fate::kPass;
      });
  tampering.provider = [failures, with_answer](ProviderExchange& exchange) {
    Change(exchange, [&](Transcript& transcript) {
      if (transcript.turns.empty()) return;
      const std::lock_guard lock(failures->mutex);
      const auto prompt = ContentOf(transcript.turns.back().front());
      if (RoleOf(transcript.turns.back().back()) == "tool") failures->with_tools.insert(prompt);
      for (const auto& failed : failures->prompts[failures->session_of[prompt]]) {
        Turn turn{Object{{"role", "user"}, {"content", failed}}};
        if (with_answer) turn.push_back(Object{{"role", "assistant"}, {"content", "(no answer)"}});
        transcript.turns.insert(transcript.turns.end() - 1, turn);
      }
    });
  };
  return tampering;
}

// -- provider calls
// --------------------------------------------------------------------------------

// A call that the host closes stays open, each n-th of a process.
Tampering LeavingCallsOpen(int one_in) {
  Tampering tampering;
  tampering.provider = [one_in](ProviderExchange& exchange) {
    exchange.leave_open = exchange.number % one_in == 0;
  };
  return tampering;
}

}  // namespace

std::vector<Defect> ContextDefects() {
  return {
      {"context-not-shown",
       "SESS-01",
       Subtlety::kBlatant,
       "The provider is shown the new prompt alone.",
       [] { return OnlyTheLast(0); },
       {"sess/earlier-turns-in-order"}},
      {"context-of-ten-turns",
       "SESS-01",
       Subtlety::kSubtle,
       "Only the last ten turns are shown.",
       [] { return OnlyTheLast(10); },
       {"sess/twenty-turns"}},
      {"context-of-nineteen-turns",
       "SESS-01",
       Subtlety::kSubtle,
       "Only the last nineteen turns are shown: the new one is counted.",
       [] { return OnlyTheLast(19); },
       {"sess/twenty-turns"}},
      {"context-of-32-kib",
       "SESS-01",
       Subtlety::kSubtle,
       "Only 32 KiB of turns are shown.",
       [] { return OnlyTheLastBytes(32768); },
       {"sess/sixty-kibibytes"}},
      {"newest-turn-dropped-when-large",
       "SESS-01",
       Subtlety::kSubtle,
       "A newest turn of more than 64 KiB is not shown.",
       [] { return OnlyTheLastBytes(65536); },
       {"sess/newest-turn-is-whole"}},
      {"newest-turns-dropped-first",
       "SESS-01",
       Subtlety::kSubtle,
       "Of more than ten turns the first ten are shown.",
       [] { return NewestDropped(10); },
       {"sess/twenty-turns"}},
      {"turns-in-reverse",
       "SESS-01",
       Subtlety::kBlatant,
       "The newest turn is shown first.",
       [] {
         return Showing([](Transcript& transcript) {
           if (!transcript.turns.empty())
             std::reverse(transcript.turns.begin(), transcript.turns.end() - 1);
         });
       },
       {"sess/earlier-turns-in-order"}},
      {"turns-without-answers",
       "SESS-01",
       Subtlety::kSubtle,
       "Of earlier turns only what the user said is shown.",
       [] {
         return Showing([](Transcript& transcript) {
           for (std::size_t i = 0; i < transcript.earlier(); ++i) transcript.turns[i].resize(1);
         });
       },
       {"sess/earlier-turns-in-order"}},
      {"newest-turn-twice",
       "SESS-01",
       Subtlety::kBlatant,
       "The newest turn is shown twice.",
       [] {
         return Showing([](Transcript& transcript) {
           if (transcript.earlier() == 0) return;
           transcript.turns.insert(transcript.turns.end() - 1,
                                   transcript.turns[transcript.earlier() - 1]);
         });
       },
       {"sess/earlier-turns-in-order"}},
      {"same-words-once",
       "SESS-01",
       Subtlety::kSubtle,
       "A turn with the same words as an earlier one is not shown.",
       [] {
         return Showing([](Transcript& transcript) {
           std::set<std::string> seen;
           const auto end = transcript.turns.end() - (transcript.turns.empty() ? 0 : 1);
           transcript.turns.erase(
               std::remove_if(
                   transcript.turns.begin(), end,
                   [&](const Turn& turn) { return !seen.insert(ContentOf(turn.front())).second; }),
               end);
         });
       },
       {"sess/same-words-again/question"}},
      {"turn-lost-one-in-20",
       "SESS-01",
       Subtlety::kRare,
       "One turn in 20 is not shown.",
       [] {
         return OneTurnInTwenty([](std::vector<Turn>& turns, std::size_t at) {
           turns.erase(turns.begin() + static_cast<std::ptrdiff_t>(at));
         });
       },
       {"sess/twenty-turns"}},
      {"failed-turn-kept",
       "SESS-05",
       Subtlety::kBlatant,
       "The prompt of a failed run stays in the context.",
       [] { return KeepingFailedTurns([](const Object&) { return true; }, false); },
       {"sess/failed-run-leaves-no-trace/*"}},
      {"timed-out-turn-kept",
       "SESS-05",
       Subtlety::kSubtle,
       "A run that timed out leaves its prompt, with an empty answer.",
       [] {
         return KeepingFailedTurns([](const Object& line) { return CodeOf(line) == "TIMEOUT"; },
                                   true);
       },
       {"sess/failed-run-leaves-no-trace/timeout"}},
      {"failed-turn-with-tools-kept",
       "SESS-05",
       Subtlety::kSubtle,
       "A run that fails after its tools have run stays in the context.",
       [] { return KeepingFailedTurns([](const Object&) { return true; }, false, true); },
       {"sess/failed-run-with-tools-leaves-no-trace/*"}},
      {"cancelled-turn-kept",
       "SESS-05",
       Subtlety::kSubtle,
       "A cancelled run's prompt stays in the context.",
       [] {
         return KeepingFailedTurns(
             [](const Object& line) { return Text(line, "status") == "CANCELED"; }, false);
       },
       {"sess/cancelled-run-leaves-no-trace"}},
      {"provider-call-left-open",
       "CTRL-06",
       Subtlety::kSubtle,
       "The connection of a cancelled provider call stays open.",
       [] { return LeavingCallsOpen(1); },
       {"time/slots-survive-many-failures"}},
      {"tool-in-its-own-session-left-after-a-cancel",
       "CTRL-06",
       Subtlety::kSubtle,
       "A cancel spares a tool's process that has made itself a session of its own.",
       [] {
         Tampering tampering;
         tampering.inside = "spare-other-sessions";
         return tampering;
       },
       {"tool/tree-is-gone-after-cancel"},
       false},
      {"provider-call-left-open-one-in-50",
       "CTRL-06",
       Subtlety::kRare,
       "One in 50 provider calls that are cancelled or time out stays open.",
       [] { return LeavingCallsOpen(50); },
       {"time/slots-survive-many-failures"}},
  };
}

}  // namespace touchstone::defective
