#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

// A variable that is understood as another number.
Tampering Reckons(std::string name, int otherwise, std::function<int(int)> reckoned) {
  Tampering tampering;
  tampering.launch = [=](Launch& launch) {
    Runs runs;
    runs.launch = launch;
    launch.environment[name] = std::to_string(std::max(0, reckoned(runs.Number(name, otherwise))));
  };
  return tampering;
}

Tampering NoQueueIsTheDefault() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    auto& places = launch.environment["ZENE_QUEUE_MAX"];
    if (places == "0" || places.empty()) places = "200";
  };
  return tampering;
}

// Which of the runs that the shim holds starts when the one called `ended` has ended; nullptr:
// none.
using Choice = std::function<Run*(Runs&, const Run& ended)>;

Run* Earliest(Runs& runs, const Run&) {
  const auto next = std::ranges::find(runs.open, true, &Run::held);
  return next == runs.open.end() ? nullptr : &*next;
}

// When all slots are held, be it by runs that wait for their session, the shim has the queue.
Tampering QueueingForSlots(Choice choice) {
  auto started = std::make_shared<std::set<std::string>>();
  return Following(
      [](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line) || runs.Count() < runs.slots()) return Fate::kPass;
        wire.ToCaller(Ack(line, "ACCEPTED"));
        runs.Sent(line, true);
        return Fate::kTaken;
      },
      [started, choice](Object& line, Wire& wire, Runs& runs) {
        const auto id = Text(line, "request_id");
        if (Text(line, "status") == "ACCEPTED" && started->contains(id)) return Fate::kTaken;
        const Run* ended = IsTerminal(line) ? runs.Find(id) : nullptr;
        Run* next = ended ? choice(runs, *ended) : nullptr;
        if (!next) return Fate::kPass;
        next->held = false;
        started->insert(next->id);
        wire.ToHost(Lined(next->request));
        return Fate::kPass;
      });
}

// Each session in its turn: one that has just had a run comes last.
Run* OtherSessionFirst(Runs& runs, const Run& ended) {
  for (auto& run : runs.open) {
    if (run.held && run.session != ended.session) return &run;
  }
  return Earliest(runs, ended);
}

Run* Latest(Runs& runs, const Run&) {
  const auto next =
      std::find_if(runs.open.rbegin(), runs.open.rend(), [](const Run& run) { return run.held; });
  return next == runs.open.rend() ? nullptr : &*next;
}

bool IsBusy(const Object& line) { return Text(line, "type") == "error" && CodeOf(line) == "BUSY"; }

Tampering BusyLate() {
  return OnResponse(IsBusy, [](const std::string& line, const Object&, Wire& wire) {
    wire.After(1500, [&wire, line] { PassToCaller(line, wire); });
  });
}

Tampering BusyAsFinal() {
  return Following({}, [](Object& line, Wire& wire, Runs&) {
    if (!IsBusy(line)) return Fate::kPass;
    wire.ToCaller(Ack(line, "ACCEPTED"));
    wire.ToCaller(Final(line, "ERROR", "BUSY"));
    return Fate::kTaken;
  });
}

// A refused run is run all the same, when there is room.
Tampering RefusedRunsLater() {
  auto refused = std::make_shared<std::vector<Object>>();
  return Following({}, [refused](Object& line, Wire& wire, Runs& runs) {
    const Run* run = runs.Find(Text(line, "request_id"));
    if (!run) return Fate::kPass;
    if (IsBusy(line)) {
      refused->push_back(run->request);
    } else if (IsTerminal(line)) {
      for (auto& request : std::exchange(*refused, {})) {
        request["request_id"] = "defect-" + Text(request, "request_id");
        runs.Hide(Text(request, "request_id"));
        wire.ToHost(Lined(request));
      }
    }
    return Fate::kPass;
  });
}

// A pair that was refused once is refused for good.
Tampering RefusalIsAnEntry() {
  auto refused = std::make_shared<std::set<std::string>>();
  return Following(
      [refused](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line) || !refused->contains(PairOf(line))) return Fate::kPass;
        return Refuse(line, wire, runs, "BUSY");
      },
      [refused](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (run && IsBusy(line)) refused->insert(run->pair());
        return Fate::kPass;
      });
}

// The words of a refused run are put before the session's next prompt.
Tampering RefusedWordsAreShown() {
  auto words = std::make_shared<std::map<std::string, std::string>>();
  return Following(
      [words](Object& line, Wire&, Runs&) {
        const auto found = words->find(Text(line, "session_id"));
        if (!IsRun(line) || found == words->end()) return Fate::kPass;
        line["prompt"] = found->second + "\n" + Text(line, "prompt");
        words->erase(found);
        return Fate::kChanged;
      },
      [words](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (run && IsBusy(line)) (*words)[run->session] = Text(run->request, "prompt");
        return Fate::kPass;
      });
}

}  // namespace

std::vector<Defect> AdmitDefects() {
  return {
      {"one-slot-more",
       "ADMIT-01",
       Subtlety::kSubtle,
       "One run more than ZENE_MAX_CONCURRENCY executes.",
       [] { return Reckons("ZENE_MAX_CONCURRENCY", 8, [](int n) { return n + 1; }); },
       {"admit/as-many-as-there-are-slots"}},
      {"one-slot-less",
       "ADMIT-01",
       Subtlety::kSubtle,
       "One run less than ZENE_MAX_CONCURRENCY executes.",
       [] { return Reckons("ZENE_MAX_CONCURRENCY", 8, [](int n) { return std::max(1, n - 1); }); },
       {"admit/as-many-as-there-are-slots"},
       false},
      {"slots-are-four-by-default",
       "ADMIT-01",
       Subtlety::kSubtle,
       "Without ZENE_MAX_CONCURRENCY four runs execute at once.",
       [] { return Reckons("ZENE_MAX_CONCURRENCY", 4, [](int n) { return n; }); },
       {"admit/default-slots"},
       false},
      {"waiting-for-a-session-holds-a-slot",
       "ADMIT-01",
       Subtlety::kSubtle,
       "A run that waits for its session holds a slot.",
       [] { return QueueingForSlots(Earliest); },
       {"admit/busy-session-takes-no-slot"},
       false},
      {"slots-go-to-the-latest",
       "SESS-06",
       Subtlety::kSubtle,
       "A free slot goes to the run that came last.",
       [] { return QueueingForSlots(Latest); },
       {"sess/earliest-waiting-run-starts"}},
      {"slots-go-round-the-sessions",
       "SESS-06",
       Subtlety::kSubtle,
       "A free slot goes to another session than the one that has just ended a run.",
       [] { return QueueingForSlots(OtherSessionFirst); },
       {"sess/earliest-waiting-run-starts"}},
      {"busy-without-429",
       "ADMIT-02",
       Subtlety::kBlatant,
       "BUSY carries no http_status.",
       [] { return Responses(IsBusy, Remove("error.http_status")); },
       {"admit/full-queue-is-busy"},
       true,
       {"RESP-02"}},
      {"busy-after-a-while",
       "ADMIT-02",
       Subtlety::kSubtle,
       "BUSY comes after 1.5 s of hoping for a place.",
       BusyLate,
       {"admit/full-queue-is-busy"}},
      {"one-queue-place-more",
       "ADMIT-02",
       Subtlety::kSubtle,
       "One run more than ZENE_QUEUE_MAX is queued.",
       [] { return Reckons("ZENE_QUEUE_MAX", 200, [](int n) { return n + 1; }); },
       {"admit/full-queue-is-busy"}},
      {"one-queue-place-less",
       "ADMIT-02",
       Subtlety::kSubtle,
       "One run less than ZENE_QUEUE_MAX is queued.",
       [] { return Reckons("ZENE_QUEUE_MAX", 200, [](int n) { return n - 1; }); },
       {"admit/full-queue-is-busy"}},
      {"no-queue-is-the-default-queue",
       "ADMIT-02",
       Subtlety::kSubtle,
       "ZENE_QUEUE_MAX=0 is taken for unset.",
       NoQueueIsTheDefault,
       {"admit/no-queue"},
       false},
      {"busy-session-queues-without-a-queue",
       "ADMIT-02",
       Subtlety::kSubtle,
       "With ZENE_QUEUE_MAX=0 a run of a busy session waits all the same.",
       [] {
         return QueueingSessions(false, [](const Runs& runs) { return runs.queue_places() == 0; });
       },
       {"admit/no-queue"},
       false},
      {"busy-as-a-final",
       "ADMIT-02",
       Subtlety::kSubtle,
       "A refused run gets an ack and a final ERROR BUSY.",
       BusyAsFinal,
       {"admit/full-queue-is-busy"}},
      {"refused-run-runs-later",
       "ADMIT-06",
       Subtlety::kSubtle,
       "A run that was refused as BUSY is executed when there is room.",
       RefusedRunsLater,
       {"admit/refused-leaves-no-trace"}},
      {"refusal-is-an-entry",
       "ADMIT-06",
       Subtlety::kSubtle,
       "BUSY is remembered under the run's key and repeated.",
       RefusalIsAnEntry,
       {"admit/refused-leaves-no-trace"}},
      {"refused-words-are-shown",
       "ADMIT-06",
       Subtlety::kSubtle,
       "The prompt of a refused run is shown to the provider with the next one.",
       RefusedWordsAreShown,
       {"admit/refused-leaves-no-trace"}},
  };
}

}  // namespace touchstone::defective
