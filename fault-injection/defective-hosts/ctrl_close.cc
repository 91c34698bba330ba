#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

bool IsClose(const Object& line) { return Text(line, "type") == "session_close"; }

std::string Closed(const Object& close, const Runs& runs) {
  if (!runs.bridge()) return Ack(close, "SESSION_CLOSED");
  auto line = *Parsed(Refusal(close, "INTERNAL", true));
  line["ok"] = true;
  line["error_code"] = line["error_message"] = nullptr;
  return Lined(line);
}

// Says SESSION_CLOSED and does nothing, where the session is in this state.
Tampering OnlySayingClosed(bool with_runs) {
  return Following([with_runs](Object& line, Wire& wire, Runs& runs) {
    if (!IsClose(line) || (runs.Count(Text(line, "session_id")) > 0) != with_runs)
      return Fate::kPass;
    runs.Answer(wire, Closed(line, runs));
    return Fate::kTaken;
  });
}

// Queued runs are taken up by the new session.
Tampering QueueSurvives() {
  struct Queue {
    std::vector<Object> waiting;
    std::set<std::string> again;
  };
  auto queue = std::make_shared<Queue>();
  return Following(
      [queue](Object& line, Wire&, Runs& runs) {
        if (!IsClose(line)) return Fate::kPass;
        for (const auto& run : runs.open) {
          if (run.session != Text(line, "session_id") || run.ahead == 0) continue;
          queue->waiting.push_back(run.request);
          runs.Hide(run.id);
        }
        return Fate::kPass;
      },
      [queue](Object& line, Wire& wire, Runs& runs) {
        const auto status = Text(line, "status");
        if (status == "ACCEPTED" && queue->again.contains(Text(line, "request_id")))
          return Fate::kTaken;
        if (status != "SESSION_CLOSED") return Fate::kPass;
        for (const auto& request : std::exchange(queue->waiting, {})) {
          runs.hidden.erase(Text(request, "request_id"));
          queue->again.insert(Text(request, "request_id"));
          runs.Sent(request);
          wire.ToHost(Lined(request));
        }
        return Fate::kPass;
      });
}

Tampering ClosedBeforeItsRuns() {
  return Following({}, [](Object& line, Wire& wire, Runs&) {
    if (!Of("final", "CANCELED")(line)) return Fate::kPass;
    wire.After(60, [&wire, late = Lined(line)] { wire.ToCaller(late); });
    return Fate::kTaken;
  });
}

// What comes right behind a close overtakes it.
Tampering CloseIsOvertaken() {
  return Following([](Object& line, Wire& wire, Runs& runs) {
    if (!IsClose(line) || !runs.streams()) return Fate::kPass;
    wire.After(30, [&wire, late = Lined(line)] { wire.ToHost(late); });
    return Fate::kTaken;
  });
}

Tampering CloseForgetsEntries() {
  auto closed = std::make_shared<std::map<std::string, int>>();
  return Following([closed](Object& line, Wire&, Runs&) {
    const auto session = Text(line, "session_id");
    if (IsClose(line)) ++(*closed)[session];
    if (!IsRun(line) || !closed->contains(session)) return Fate::kPass;
    line["idempotency_key"] =
        Text(line, "idempotency_key") + " of life " + std::to_string((*closed)[session]);
    return Fate::kChanged;
  });
}

Tampering UnknownSessionIsAnError() {
  auto known = std::make_shared<std::set<std::string>>();
  return Following([known](Object& line, Wire& wire, Runs& runs) {
    const auto session = Text(line, "session_id");
    if (IsRun(line)) known->insert(session);
    if (!IsClose(line) || !runs.streams() || known->erase(session) > 0) return Fate::kPass;
    return Refuse(line, wire, runs);
  });
}

// All sessions of the host go.
Tampering ClosesAllSessions() {
  auto known = std::make_shared<std::set<std::string>>();
  return Following([known](Object& line, Wire& wire, Runs& runs) {
    const auto session = Text(line, "session_id");
    if (IsRun(line)) known->insert(session);
    if (!IsClose(line)) return Fate::kPass;
    for (const auto& other : *known) {
      if (other == session) continue;
      auto close = line;
      close["session_id"] = other;
      close["request_id"] = "defect-" + other;
      runs.Hide("defect-" + other);
      wire.ToHost(Lined(close));
    }
    return Fate::kPass;
  });
}

}  // namespace

std::vector<Defect> CloseDefects() {
  return {
      {"close-leaves-the-runs",
       "CTRL-09",
       Subtlety::kBlatant,
       "session_close is acknowledged while the session's runs go on.",
       [] { return OnlySayingClosed(true); },
       {"ctrl/close-ends-runs"}},
      {"close-leaves-the-queue",
       "CTRL-09",
       Subtlety::kSubtle,
       "session_close ends the running run; queued ones run in the new session.",
       QueueSurvives,
       {"ctrl/close-ends-runs"}},
      {"close-keeps-the-context",
       "CTRL-09",
       Subtlety::kBlatant,
       "The context of a closed session is shown to the provider again.",
       [] { return OnlySayingClosed(false); },
       {"ctrl/close-forgets-the-context"}},
      {"closed-before-its-runs-end",
       "CTRL-09",
       Subtlety::kSubtle,
       "SESSION_CLOSED is written before the terminals of the session's runs.",
       ClosedBeforeItsRuns,
       {"ctrl/close-ends-runs"}},
      {"close-is-overtaken",
       "CTRL-09",
       Subtlety::kSubtle,
       "A run right behind session_close is taken for the old session.",
       CloseIsOvertaken,
       {"ctrl/close-then-run-in-one-write"}},
      {"close-forgets-entries",
       "CTRL-09",
       Subtlety::kSubtle,
       "session_close forgets the session's idempotency entries too.",
       CloseForgetsEntries,
       {"ctrl/close-forgets-the-context"}},
      {"close-of-an-unknown-session-refused",
       "CTRL-09",
       Subtlety::kSubtle,
       "Closing a session that is not there is refused.",
       UnknownSessionIsAnError,
       {"ctrl/close-of-an-unknown-session"}},
      {"close-forgets-all-sessions",
       "CTRL-09",
       Subtlety::kSubtle,
       "session_close forgets the context of every session.",
       ClosesAllSessions,
       {"ctrl/close-forgets-the-context"}},
  };
}

}  // namespace touchstone::defective
