#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/life.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

// The id of a request that the host makes by itself; its answers are kept from the caller.
constexpr char kShadow[] = "shadow of ";

bool Streams(const Launch& launch) { return launch.streams(); }
bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

Which Terminal() { return Of("final"); }

void Twice(const std::string& line, const Object&, Wire& wire) {
  PassToCaller(line, wire);
  PassToCaller(line, wire);
}

void Never(const std::string&, const Object&, Wire&) {}

// Timeout and answer race, and both win.
Tampering FinalAfterATimeout() {
  return OnResponse(Of("final", "TIMEOUT"), [](const std::string& line, Object late, Wire& wire) {
    PassToCaller(line, wire);
    late["status"] = "OK";
    late["error"] = nullptr;
    late["text"] = "too late";
    late["usage"] = Object{{"prompt_tokens", 1}, {"completion_tokens", 1}, {"total_tokens", 2}};
    wire.After(20, [late, &wire] { wire.ToCaller(Lined(late)); });
  });
}

Tampering CancelEndsARunTwice() {
  return OnResponse(Of("final", "CANCELED"), [](const std::string& line, Object late, Wire& wire) {
    PassToCaller(line, wire);
    late["status"] = "ERROR";
    late["error"] =
        Object{{"code", "INTERNAL"}, {"message", "connection closed"}, {"retryable", true}};
    wire.ToCaller(Lined(late));
  });
}

// The run goes on behind its TIMEOUT: its turn and its entry come about.
Tampering WorksOnAfterATimeout() {
  const auto runs = std::make_shared<std::map<std::string, Object>>();
  Tampering tampering =
      OnRequest(Is("type", "run"), [runs](const std::string& line, const Object& run, Wire& wire) {
        (*runs)[Text(run, "request_id")] = run;
        PassToHost(line, wire);
      });
  tampering.response = [runs](const std::string& line, Wire& wire) {
    if (line.find(kShadow) != line.npos) return;
    PassToCaller(line, wire);
    const auto object = Parsed(line);
    if (!object || !Of("final", "TIMEOUT")(*object)) return;
    Object run = (*runs)[Text(*object, "request_id")];
    run.erase("timeout_ms");
    run["request_id"] = kShadow + Text(run, "request_id");
    wire.ToHost(Lined(run));
  };
  return When(Streams, tampering);
}

// The ack is put behind the final, for the runs that `which` takes.
Tampering AckAfterFinal(Which which) {
  const auto held = std::make_shared<std::map<std::string, std::string>>();
  Tampering tampering;
  tampering.response = [held, which](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    const auto id = object ? Text(*object, "request_id") : "";
    if (object && Of("ack", "ACCEPTED")(*object) && which(*object)) {
      (*held)[id] = line + "\n";
      return;
    }
    PassToCaller(line, wire);
    if (object && Terminal()(*object)) wire.ToCaller(std::exchange((*held)[id], {}));
  };
  return When(Streams, tampering);
}

Object EventOf(const Object& line, std::string type) {
  Object event{{"protocol_version", 1}, {"type", "event"}, {"event_type", type}, {"seq", 9}};
  for (const auto* key : {"request_id", "session_id", "ts_ms"}) event[key] = line.at(key);
  event["payload"] = Object();
  return event;
}

void EventAfterFinal(const std::string& line, const Object& final, Wire& wire) {
  PassToCaller(line, wire);
  wire.ToCaller(Lined(EventOf(final, "Finished")));
}

// An event behind the ack of the runs that `which` takes.
Tampering EventsFor(Which which) {
  const auto runs = std::make_shared<std::set<std::string>>();
  Tampering tampering = OnResponse(Of("ack", "ACCEPTED"),
                                   [runs](const std::string& line, const Object& ack, Wire& wire) {
                                     PassToCaller(line, wire);
                                     if (runs->contains(Text(ack, "request_id")))
                                       wire.ToCaller(Lined(EventOf(ack, "REQUEST_ACCEPTED")));
                                   });
  tampering.request = [runs, which](const std::string& line, Wire& wire) {
    const auto run = Parsed(line);
    if (run && which(*run)) runs->insert(Text(*run, "request_id"));
    PassToHost(line, wire);
  };
  return When(Streams, tampering);
}

Tampering HeartbeatsOfALongRun() {
  const auto ended = std::make_shared<std::set<std::string>>();
  Tampering tampering;
  tampering.response = [ended](const std::string& line, Wire& wire) {
    PassToCaller(line, wire);
    const auto object = Parsed(line);
    if (!object) return;
    if (Terminal()(*object)) ended->insert(Text(*object, "request_id"));
    if (!Of("ack", "ACCEPTED")(*object)) return;
    wire.After(50, [ended, ack = *object, &wire] {
      if (!ended->contains(Text(ack, "request_id")))
        wire.ToCaller(Lined(EventOf(ack, "HEARTBEAT")));
    });
  };
  return When(Streams, tampering);
}

// The line of a stream before the answer, in a one-shot, too.
void AckInAOneShot(const std::string& line, const Object& final, Wire& wire) {
  Object ack{{"protocol_version", 1}, {"type", "ack"}, {"status", "ACCEPTED"}};
  for (const auto* key : {"request_id", "session_id", "ts_ms"})
    if (const auto* value = final.if_contains(key)) ack[key] = *value;
  ack["request_ts_ms"] = nullptr;
  wire.ToCaller(Lined(ack));
  PassToCaller(line, wire);
}

// A one-shot that reads to EOF before it goes.
Tampering WaitsForEof() {
  const auto eof = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.launch = [](Launch&) {};
  tampering.exit = [eof](int status, Wire& wire) {
    wire.After(10000, [] {});
    return status;
  };
  return When(IsOneShot, tampering);
}

// Runs of two sessions with the same hash share a worker, though others are free.
Tampering SessionsShareWorkers(std::size_t workers) {
  struct Worker {
    std::string busy_with;  // a session, or none
    std::multimap<int, std::string> waiting;
  };
  const auto all = std::make_shared<std::vector<Worker>>(workers);
  const auto runs = std::make_shared<std::map<std::string, std::size_t>>();
  const auto of = [workers](const Object& line) {
    std::size_t sum = 0;
    for (char c : Text(line, "session_id")) sum += static_cast<unsigned char>(c);
    return sum % workers;
  };
  Tampering tampering = OnRequest(
      Is("type", "run"), [all, runs, of](const std::string& line, const Object& run, Wire& wire) {
        auto& worker = (*all)[of(run)];
        const auto session = Text(run, "session_id");
        if (!worker.busy_with.empty() && worker.busy_with != session) {
          worker.waiting.emplace(0, line);
          return;
        }
        worker.busy_with = session;
        (*runs)[Text(run, "request_id")] = of(run);
        PassToHost(line, wire);
      });
  tampering.response = [all, runs](const std::string& line, Wire& wire) {
    PassToCaller(line, wire);
    const auto object = Parsed(line);
    if (!object || !Terminal()(*object)) return;
    const auto found = runs->find(Text(*object, "request_id"));
    if (found == runs->end()) return;
    auto& worker = (*all)[found->second];
    worker.busy_with.clear();
    for (const auto& [order, waiting] : std::exchange(worker.waiting, {}))
      PassToHost(waiting, wire);
  };
  return When(Streams, tampering);
}

// With `busy` runs or more, a ping is handled so late; 0: by whoever is free next.
Tampering PingWhileBusy(int busy, int late_ms, int one_in = 1) {
  const auto active = std::make_shared<int>(0);
  const auto waiting = std::make_shared<std::string>();
  const auto pings = std::make_shared<int>(0);
  Tampering tampering =
      OnRequest(Is("type", "ping"), [=](const std::string& line, const Object&, Wire& wire) {
        if (*active < busy || ++*pings % one_in != 0) return PassToHost(line, wire);
        if (late_ms == 0) return void(waiting->append(line + "\n"));
        wire.After(late_ms, [line, &wire] { PassToHost(line, wire); });
      });
  tampering.response = [active, waiting](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    if (object && Of("ack", "ACCEPTED")(*object)) ++*active;
    if (object && Terminal()(*object)) {
      --*active;
      wire.ToHost(std::exchange(*waiting, {}));
    }
    PassToCaller(line, wire);
  };
  return When(Streams, tampering);
}

std::vector<Defect> TerminalDefects() {
  return {
      {"final-twice-in-a-race",
       "LIFE-01",
       Subtlety::kRare,
       "One final in 50 is written twice, by the timer and by the worker.",
       [] { return OnResponse(OneIn(50, Terminal()), Twice); },
       {"frame/stderr-full"}},
      {"final-twice",
       "LIFE-01",
       Subtlety::kBlatant,
       "Each final is written twice.",
       [] { return When(Streams, OnResponse(Terminal(), Twice)); },
       {"req/all-optional-fields-null*"}},
      {"final-lost",
       "LIFE-01",
       Subtlety::kRare,
       "One final in 50 is never written.",
       [] { return When(Streams, OnResponse(OneIn(50, Terminal()), Never)); },
       {"life/sixty-runs-and-eof*"}},
      {"canceled-final-is-lost",
       "LIFE-01",
       Subtlety::kSubtle,
       "A run that is canceled gets no final.",
       [] { return OnResponse(Of("final", "CANCELED"), Never); },
       {"life/one-terminal-each*"},
       false},
      {"final-after-a-timeout",
       "LIFE-01",
       Subtlety::kSubtle,
       "An answer that comes after the timeout is a second final.",
       FinalAfterATimeout,
       {"life/late-answer-is-dropped"}},
      {"cancel-ends-a-run-twice",
       "LIFE-01",
       Subtlety::kSubtle,
       "A run that is canceled ends CANCELED, and then INTERNAL for its closed connection.",
       CancelEndsARunTwice,
       {"life/late-answer-after-cancel*"}},
      {"works-on-after-a-timeout",
       "LIFE-01",
       Subtlety::kSubtle,
       "A run goes on behind its TIMEOUT: the late answer is stored under its key.",
       WorksOnAfterATimeout,
       {"life/late-answer-is-dropped"},
       true,
       {"IDEM-06", "SESS-05"}},
      {"ack-after-final",
       "LIFE-02",
       Subtlety::kBlatant,
       "The ack follows the final.",
       [] { return AckAfterFinal(Any()); },
       {"life/ack-then-final/false*"}},
      {"ack-after-final-in-a-race",
       "LIFE-02",
       Subtlety::kRare,
       "In one run of 50 a quick worker's final overtakes the ack.",
       [] { return AckAfterFinal(OneIn(50)); },
       {"frame/stderr-full"}},
      {"no-ack-for-a-queued-run",
       "LIFE-02",
       Subtlety::kBlatant,
       "Runs are not acknowledged.",
       [] { return OnResponse(Of("ack", "ACCEPTED"), Never); },
       {"life/ack-then-final/false*"}},
      {"event-after-final",
       "LIFE-02",
       Subtlety::kSubtle,
       "An event of a streamed run comes after its final.",
       [] { return When(Streams, OnResponse(Of("final", "OK"), EventAfterFinal)); },
       {"life/streamed-order*"}},
      {"events-unasked",
       "LIFE-03",
       Subtlety::kBlatant,
       "Each run gets an event.",
       [] { return EventsFor(Any()); },
       {"life/ack-then-final/false*"}},
      {"null-streams",
       "LIFE-03",
       Subtlety::kSubtle,
       "A run with `stream` null gets events.",
       [] {
         return EventsFor([](const Object& run) {
           const auto* stream = run.if_contains("stream");
           return stream && stream->is_null();
         });
       },
       {"life/ack-then-final/null*"}},
      {"heartbeats-of-a-long-run",
       "LIFE-03",
       Subtlety::kSubtle,
       "A run that takes long gets heartbeats, asked for or not.",
       HeartbeatsOfALongRun,
       {"life/no-events-without-stream*"}},
      {"ack-in-a-one-shot",
       "LIFE-04",
       Subtlety::kBlatant,
       "A one-shot writes its ack, too.",
       [] { return When(IsOneShot, OnResponse(Terminal(), AckInAOneShot)); },
       {"req/all-optional-fields-null"},
       true,
       {"BRIDGE-01"}},
      {"one-shot-lingers",
       "LIFE-04",
       Subtlety::kSubtle,
       "A one-shot whose stdin stays open ends ten seconds after its line.",
       WaitsForEof,
       {"life/one-line-then-exit*"},
       false},
  };
}

std::vector<Defect> BusyDefects() {
  return {
      {"one-run-at-a-time",
       "LIFE-05",
       Subtlety::kBlatant,
       "Runs execute one at a time.",
       [] { return Environment("ZENE_MAX_CONCURRENCY", "1"); },
       {"life/slow-run-delays-nobody*"}},
      {"sessions-share-workers",
       "LIFE-05",
       Subtlety::kSubtle,
       "Sessions are dealt to two workers by a hash: who shares one with a slow run waits.",
       [] { return SessionsShareWorkers(2); },
       {"life/slow-run-delays-nobody*"},
       false},
      {"ping-waits-for-a-slot",
       "LIFE-06",
       Subtlety::kBlatant,
       "A ping takes a slot: in a full host it waits for a run's end.",
       [] { return PingWhileBusy(2, 0); },
       {"life/ping-while-full*"},
       false},
      {"ping-is-slow-while-busy",
       "LIFE-06",
       Subtlety::kSubtle,
       "With eight runs under way a ping takes 120 ms.",
       [] { return PingWhileBusy(8, 120); },
       {"life/pings-while-busy*"},
       false},
      {"one-ping-in-forty-is-late",
       "LIFE-06",
       Subtlety::kRare,
       "While the host is busy, one ping in 40 meets a full collection and waits 1.3 s.",
       [] { return PingWhileBusy(8, 1300, 40); },
       {"life/pings-while-busy*"}},
      {"ping-is-very-slow-while-busy",
       "LIFE-06",
       Subtlety::kSubtle,
       "In a full host a ping takes more than a second.",
       [] { return PingWhileBusy(2, 1300); },
       {"life/ping-while-full*"}},
  };
}

}  // namespace

std::vector<Defect> LifeDefects() {
  auto all = TerminalDefects();
  for (const auto part : {BusyDefects, ShutdownDefects}) {
    auto rows = part();
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace touchstone::defective
