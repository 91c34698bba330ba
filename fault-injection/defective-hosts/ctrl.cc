#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

bool IsCancel(const Object& line) { return Text(line, "type") == "cancel"; }

std::string TargetOf(const Object& cancel) {
  const auto target = Text(cancel, "target_request_id");
  return target.empty() ? Text(cancel, "cancel_request_id") : target;
}

Fate AcceptCancel(const Object& line, Wire& wire) {
  wire.ToCaller(Ack(line, "CANCEL_ACCEPTED", {{"target_request_id", TargetOf(line)}}));
  return Fate::kTaken;
}

// -- ping
// ------------------------------------------------------------------------------------------

Tampering PingNeedsSession() {
  return Following([](Object& line, Wire& wire, Runs& runs) {
    const bool bare = Text(line, "type") == "ping" && Text(line, "session_id").empty();
    return bare ? Refuse(line, wire, runs) : Fate::kPass;
  });
}

Tampering PingNeedsKey() {
  return Following([](Object& line, Wire& wire, Runs& runs) {
    const bool keyless = !runs.launch.environment.contains("LLM_API_KEY") &&
                         !runs.launch.environment.contains("OPENAI_API_KEY");
    if (Text(line, "type") != "ping" || !keyless) return Fate::kPass;
    return Refuse(line, wire, runs, "PROVIDER_AUTH");
  });
}

// -- cancel
// ----------------------------------------------------------------------------------------

Tampering CanceledAsError() {
  return Responses(Of("final", "CANCELED"), [](Object& line) {
    line["status"] = "ERROR";
    line["error"] = Object{{"code", "INTERNAL"}, {"message", "canceled"}, {"retryable", true}};
  });
}

// Refuses cancels of the runs that fit.
Tampering RefusingCancelOf(std::function<bool(const Run&)> which) {
  return Following([which](Object& line, Wire& wire, Runs& runs) {
    if (!IsCancel(line)) return Fate::kPass;
    Run* run = runs.Find(TargetOf(line));
    if (!run || run->session != Text(line, "session_id")) return Fate::kPass;
    if (which(*run)) return Refuse(line, wire, runs);
    run->canceled = true;
    return Fate::kPass;
  });
}

Tampering CanceledAfterTheGrace() {
  return Following({}, [](Object& line, Wire& wire, Runs& runs) {
    if (!Of("final", "CANCELED")(line)) return Fate::kPass;
    const auto late = Lined(line);
    wire.After(runs.Number("ZENE_CANCEL_GRACE_MS", 2000) + 200,
               [&wire, late] { wire.ToCaller(late); });
    return Fate::kTaken;
  });
}

// A cancel that comes too late is accepted although the run has been decided: `which` tells for
// which runs, all of which have had their terminal.
Tampering AcceptingCancelOfFinished(std::function<bool(int ended_since)> which) {
  struct Ended {
    std::map<std::string, int> at;  // request: how many requests had come at its terminal
    int requests = 0;
  };
  auto ended = std::make_shared<Ended>();
  return Following(
      [ended, which](Object& line, Wire& wire, Runs&) {
        ++ended->requests;
        if (!IsCancel(line)) return Fate::kPass;
        const auto found = ended->at.find(TargetOf(line));
        if (found == ended->at.end() || !which(ended->requests - found->second)) return Fate::kPass;
        return AcceptCancel(line, wire);
      },
      [ended](Object& line, Wire&, Runs& runs) {
        if (IsTerminal(line) && runs.Find(Text(line, "request_id")))
          ended->at[Text(line, "request_id")] = ended->requests;
        return Fate::kPass;
      });
}

// The cancel of a run whose id is alike hits it.
Tampering CancelingWhatIsLike(
    std::function<bool(const std::string& id, const std::string& asked)> like) {
  auto asked = std::make_shared<std::map<std::string, std::string>>();  // by the cancel's id
  return Following(
      [asked, like](Object& line, Wire&, Runs& runs) {
        if (!IsCancel(line)) return Fate::kPass;
        for (const auto& run : runs.open) {
          if (run.id == TargetOf(line) || !like(run.id, TargetOf(line))) continue;
          (*asked)[Text(line, "request_id")] = TargetOf(line);
          line["target_request_id"] = run.id;
          line.erase("cancel_request_id");
          return Fate::kChanged;
        }
        return Fate::kPass;
      },
      [asked](Object& line, Wire&, Runs&) {
        const auto found = asked->find(Text(line, "request_id"));
        if (found == asked->end() || !line.contains("target_request_id")) return Fate::kPass;
        line["target_request_id"] = found->second;
        return Fate::kChanged;
      });
}

Tampering BlankTargetIsWhatRuns() {
  return Following([](Object& line, Wire&, Runs& runs) {
    if (!IsCancel(line) || TargetOf(line).find_first_not_of(" \t\r\n") != std::string::npos)
      return Fate::kPass;
    for (const auto& run : runs.open) {
      if (run.session != Text(line, "session_id")) continue;
      line["target_request_id"] = run.id;
      line.erase("cancel_request_id");
      return Fate::kChanged;
    }
    return Fate::kPass;
  });
}

// The session of a cancel is that of its target, where `same` says so.
Tampering CancelingAcross(std::function<bool(std::string run, std::string cancel)> same) {
  auto own = std::make_shared<std::map<std::string, std::string>>();
  return Following(
      [own, same](Object& line, Wire&, Runs& runs) {
        if (!IsCancel(line)) return Fate::kPass;
        const Run* run = runs.Find(TargetOf(line));
        const auto session = Text(line, "session_id");
        if (!run || run->session == session || !same(run->session, session)) return Fate::kPass;
        (*own)[Text(line, "request_id")] = session;
        line["session_id"] = run->session;
        return Fate::kChanged;
      },
      [own](Object& line, Wire&, Runs&) {
        const auto found = own->find(Text(line, "request_id"));
        if (found == own->end()) return Fate::kPass;
        line["session_id"] = found->second;
        return Fate::kChanged;
      });
}

// The refusal is as it should be, and the run is stopped all the same.
Tampering ForeignCancelStopsTheRun() {
  return Following([](Object& line, Wire& wire, Runs& runs) {
    if (!IsCancel(line)) return Fate::kPass;
    const Run* run = runs.Find(TargetOf(line));
    if (!run || run->session == Text(line, "session_id")) return Fate::kPass;
    const Object refused = line;
    line["request_id"] = "defect-" + Text(line, "request_id");
    line["session_id"] = run->session;
    runs.Hide(Text(line, "request_id"));
    wire.ToHost(Lined(line));
    return Refuse(refused, wire, runs);
  });
}

// Tells the caller of the end, and stops the run after a while; `which` terminals are told early.
Tampering StoppingLate(int late_ms) {
  return Following([late_ms](Object& line, Wire& wire, Runs& runs) {
    Run* run = IsCancel(line) ? runs.Find(TargetOf(line)) : nullptr;
    if (!run || run->session != Text(line, "session_id")) return Fate::kPass;
    AcceptCancel(line, wire);
    wire.ToCaller(Final(run->request, "CANCELED", ""));
    runs.Hide(run->id);
    line["request_id"] = "defect-" + Text(line, "request_id");
    runs.Hide(Text(line, "request_id"));
    wire.After(late_ms, [&wire, late = Lined(line)] { wire.ToHost(late); });
    return Fate::kTaken;
  });
}

// The caller is told that a queued run was cancelled; nobody takes it out of the queue.
Tampering LeavingInTheQueue(std::function<bool(const Run&, Runs&)> which) {
  return Following([which](Object& line, Wire& wire, Runs& runs) {
    Run* run = IsCancel(line) ? runs.Find(TargetOf(line)) : nullptr;
    if (!run || run->session != Text(line, "session_id") || !which(*run, runs)) return Fate::kPass;
    runs.Hide(run->id);
    AcceptCancel(line, wire);
    wire.ToCaller(Final(run->request, "CANCELED", ""));
    return Fate::kTaken;
  });
}

// For a while after a terminal that fits the slot still counts as taken.
Tampering FreeingTheSlotLate(Which which) {
  auto late = std::make_shared<int>(0);
  return Following(
      [late](Object& line, Wire& wire, Runs& runs) {
        const int places = runs.slots() + runs.queue_places();
        if (!IsRun(line) || *late == 0 || runs.Count() + *late < places) return Fate::kPass;
        return Refuse(line, wire, runs, "BUSY");
      },
      [late, which](Object& line, Wire& wire, Runs& runs) {
        if (!runs.Find(Text(line, "request_id")) || !which(line)) return Fate::kPass;
        ++*late;
        wire.After(50, [late] { --*late; });
        return Fate::kPass;
      });
}

}  // namespace

std::vector<Defect> CtrlDefects() {
  std::vector<Defect> defects{
      {"ping-needs-a-session",
       "CTRL-01",
       Subtlety::kSubtle,
       "A ping without a session_id is refused.",
       PingNeedsSession,
       {"ctrl/ping"}},
      {"ping-needs-a-key",
       "CTRL-01",
       Subtlety::kSubtle,
       "A ping is refused while no provider key is configured.",
       PingNeedsKey,
       {"ctrl/ping-without-a-key"}},
      {"canceled-ends-error",
       "CTRL-02",
       Subtlety::kBlatant,
       "A cancelled run ends ERROR INTERNAL.",
       CanceledAsError,
       {"ctrl/cancel-active-run/*"}},
      {"queued-run-cannot-be-cancelled",
       "CTRL-02",
       Subtlety::kSubtle,
       "Only the running run of a session is found by a cancel; queued ones are unknown.",
       [] { return RefusingCancelOf([](const Run& run) { return run.ahead > 0; }); },
       {"ctrl/cancel-queued-run"}},
      {"second-cancel-refused",
       "CTRL-02",
       Subtlety::kSubtle,
       "A second cancel before the final is refused.",
       [] { return RefusingCancelOf([](const Run& run) { return run.canceled; }); },
       {"ctrl/second-cancel-before-the-final"}},
      {"canceled-after-the-grace",
       "CTRL-02",
       Subtlety::kBlatant,
       "The final CANCELED comes 200 ms after the end of the grace.",
       CanceledAfterTheGrace,
       {"ctrl/cancel-within-the-grace"}},
      {"late-cancel-accepted",
       "CTRL-02",
       Subtlety::kRare,
       "A cancel that crosses the run's end on the wire is accepted, though the run ended OK.",
       [] { return AcceptingCancelOfFinished([](int since) { return since < 8; }); },
       {"life/cancel-races-completion"},
       false},
      {"older-name-unknown",
       "CTRL-03",
       Subtlety::kSubtle,
       "cancel_request_id is not read.",
       [] { return Requests(Is("type", "cancel"), Remove("cancel_request_id")); },
       {"ctrl/older-name/*"}},
      {"unequal-targets-accepted",
       "CTRL-03",
       Subtlety::kSubtle,
       "Of two targets that differ the newer name's wins.",
       [] {
         return Requests(And(Is("type", "cancel"), Has("target_request_id")),
                         Remove("cancel_request_id"));
       },
       {"ctrl/cancel-of-what/*"}},
      {"blank-target-cancels-what-runs",
       "CTRL-03",
       Subtlety::kSubtle,
       "A cancel with a blank target, or none, stops the session's running run.",
       BlankTargetIsWhatRuns,
       {"ctrl/cancel-of-what/*"}},
      {"cancel-of-a-finished-run-accepted",
       "CTRL-04",
       Subtlety::kBlatant,
       "A cancel of a finished run is accepted.",
       [] { return AcceptingCancelOfFinished([](int) { return true; }); },
       {"ctrl/cancel-of-no-run", "ctrl/cancel-of-a-cancelled-run"}},
      {"cancel-ignores-case",
       "CTRL-04",
       Subtlety::kSubtle,
       "Request ids are compared without case when a run is looked up for a cancel.",
       [] {
         return CancelingWhatIsLike([](const std::string& id, const std::string& asked) {
           return LowerCase(id) == LowerCase(asked);
         });
       },
       {"ctrl/cancel-of-another-case/case"}},
      {"cancel-by-prefix",
       "CTRL-04",
       Subtlety::kSubtle,
       "A cancel hits the run whose id begins with the target.",
       [] {
         return CancelingWhatIsLike([](const std::string& id, const std::string& asked) {
           return !asked.empty() && id.starts_with(asked);
         });
       },
       {"ctrl/cancel-of-another-case/prefix"}},
      {"cancel-from-any-session",
       "CTRL-05",
       Subtlety::kBlatant,
       "A cancel from any session stops a run.",
       [] { return CancelingAcross([](const auto&, const auto&) { return true; }); },
       {"ctrl/cancel-from-another-session"}},
      {"cancel-from-a-session-of-other-case",
       "CTRL-05",
       Subtlety::kSubtle,
       "The session of a cancel is compared with the run's without case.",
       [] {
         return CancelingAcross([](const auto& run, const auto& cancel) {
           return LowerCase(run) == LowerCase(cancel);
         });
       },
       {"ctrl/cancel-from-another-session"}},
      {"foreign-cancel-refused-and-done",
       "CTRL-05",
       Subtlety::kSubtle,
       "A cancel from another session is refused, and stops the run nevertheless.",
       ForeignCancelStopsTheRun,
       {"ctrl/cancel-from-another-session"}},
      {"provider-call-goes-on-after-cancel",
       "CTRL-06",
       Subtlety::kBlatant,
       "A cancelled run's provider call is closed 1 s after its terminal.",
       [] { return StoppingLate(1000); },
       {"ctrl/cancel-within-the-grace"},
       false},
      {"slot-freed-after-the-terminal",
       "CTRL-07",
       Subtlety::kBlatant,
       "A run's slot is freed 50 ms after its terminal was written.",
       [] { return FreeingTheSlotLate(Any()); },
       {"ctrl/slot-is-free-at-the-terminal"}},
      {"slot-freed-late-after-a-cancel",
       "CTRL-07",
       Subtlety::kSubtle,
       "A cancelled run's slot is freed 50 ms after its terminal was written.",
       [] { return FreeingTheSlotLate(Of("final", "CANCELED")); },
       {"ctrl/slot-is-free-after-each-kind-of-terminal"}},
      {"cancelled-in-the-queue-runs",
       "CTRL-08",
       Subtlety::kBlatant,
       "A queued run that is cancelled still runs when its turn comes.",
       [] { return LeavingInTheQueue([](const Run& run, Runs&) { return run.ahead > 0; }); },
       {"ctrl/cancel-queued-run"}},
      {"cancelled-for-a-slot-runs",
       "CTRL-08",
       Subtlety::kSubtle,
       "A run that waits for a slot, its session free, still runs when it was cancelled.",
       [] {
         return LeavingInTheQueue([](const Run& run, Runs& runs) {
           return run.ahead == 0 && runs.Count() > runs.slots();
         });
       },
       {"ctrl/cancel-queued-for-a-slot"}},
  };
  for (auto& defect : CloseDefects()) defects.push_back(std::move(defect));
  return defects;
}

}  // namespace touchstone::defective
