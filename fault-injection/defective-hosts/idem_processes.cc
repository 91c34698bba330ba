// Pairs and processes: what one process of a broken host does not know of another. The shims of a
// play tell each other by locks and files beside the state directory.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

std::string PathOf(const Runs& runs, std::string_view kind, const Object& run) {
  return Beside(runs.launch, std::string(kind) + "-" + HashOf(PairOf(run)));
}

// Held until this process ends. False: another one holds it.
bool Lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  ::close(fd);
  return false;
}

// What a one-shot does with a pair that another process is running.
Tampering Elsewhere(Rule then) {
  return Following([then](Object& line, Wire& wire, Runs& runs) {
    if (!IsRun(line) || runs.streams() || Lock(PathOf(runs, "pair", line))) return Fate::kPass;
    return then(line, wire, runs);
  });
}

Fate UnderItsOwnKey(Object& run) {
  run["idempotency_key"] = Text(run, "idempotency_key") + " of " + std::to_string(::getpid());
  return Fate::kChanged;
}

// The duplicate reports the failure that the first process has reported. Until that is known its
// host stands still.
struct Sharing : std::enable_shared_from_this<Sharing> {
  Object run;
  bool answered = false;

  void Look(Wire& wire, Runs& runs) {
    if (!Lock(PathOf(runs, "pair", run))) {
      wire.After(10, [self = shared_from_this(), &wire, &runs] { self->Look(wire, runs); });
      return;
    }
    const auto kept = Contents(PathOf(runs, "failure", run));
    auto failure = kept ? Parsed(*kept) : std::nullopt;
    if (!failure) return wire.KillHost(SIGCONT);
    (*failure)["request_id"] = run.at("request_id");
    answered = true;
    wire.ToCaller(Lined(*failure));
    wire.KillHost(SIGKILL);
  }
};

Tampering SharingTheFailure() {
  auto sharing = std::make_shared<Sharing>();
  auto tampering = Following(
      [sharing](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line) || runs.streams() || Lock(PathOf(runs, "pair", line))) return Fate::kPass;
        sharing->run = line;
        wire.KillHost(SIGSTOP);
        sharing->Look(wire, runs);
        return Fate::kPass;
      },
      [](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (run && Of("final")(line) && !Of("final", "OK")(line))
          Keep(PathOf(runs, "failure", run->request), Lined(line));
        return Fate::kPass;
      });
  tampering.exit = [sharing](int status, Wire&) { return sharing->answered ? 0 : status; };
  return tampering;
}

// The duplicate's own timeout_ms is not what it waits for.
Tampering WaitingLonger(int factor) {
  return Elsewhere([factor](Object& line, Wire&, Runs&) {
    auto* timeout = line.if_contains("timeout_ms");
    if (!timeout || !timeout->is_int64()) return Fate::kPass;
    *timeout = timeout->get_int64() * factor;
    return Fate::kChanged;
  });
}

// Files that a process leaves when it is killed: of the pairs that it was running.
Tampering Marking(std::function<Fate(Object& line, Wire& wire, Runs& runs)> left_behind) {
  auto marks = std::make_shared<std::map<std::string, std::string>>();  // path by request
  return Following(
      [marks, left_behind](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line)) return Fate::kPass;
        const auto path = PathOf(runs, "running", line);
        const bool left = Contents(path) && Lock(PathOf(runs, "pair", line));
        if (!left) Lock(PathOf(runs, "pair", line));
        Keep(path, Text(line, "request_id"));
        (*marks)[Text(line, "request_id")] = path;
        return left ? left_behind(line, wire, runs) : Fate::kPass;
      },
      [marks](Object& line, Wire&, Runs&) {
        const auto found = marks->find(Text(line, "request_id"));
        if (IsTerminal(line) && found != marks->end()) ::unlink(found->second.c_str());
        return Fate::kPass;
      });
}

Tampering TakingOverAfter(int ms) {
  return Marking([ms](Object& line, Wire& wire, Runs& runs) {
    if (runs.streams()) {
      wire.ToCaller(
          Ack(line, "DUPLICATE_IN_PROGRESS", {{"existing_request_id", Text(line, "request_id")}}));
      return Fate::kTaken;
    }
    wire.KillHost(SIGSTOP);
    wire.After(ms, [&wire] { wire.KillHost(SIGCONT); });
    return Fate::kPass;
  });
}

// The entries of a life that was not ended in order are gone.
Tampering EntriesAreWrittenAtExit() {
  auto life = std::make_shared<int>(0);
  auto mark = std::make_shared<std::string>();
  auto tampering = KeysAs([life](const std::string& key) {
    return *life == 0 ? key : key + " of life " + std::to_string(*life);
  });
  tampering.launch = [life, mark](Launch& launch) {
    *mark = Beside(launch, "lives");
    *life = std::atoi(Contents(*mark).value_or("0").c_str());
    Keep(*mark, std::to_string(*life + 1));
  };
  tampering.exit = [life, mark](int status, Wire&) {
    Keep(*mark, std::to_string(*life));
    return status;
  };
  return tampering;
}

// Each attempt under a key is the first one, as far as its tools are concerned.
Tampering ForgettingAttempts(bool killed_alone) {
  auto attempt = [](const Runs& runs, const Object& run) {
    return std::atoi(Contents(PathOf(runs, "attempt", run)).value_or("0").c_str());
  };
  return Following(
      [attempt, killed_alone](Object& line, Wire&, Runs& runs) {
        if (!IsRun(line)) return Fate::kPass;
        const int n = attempt(runs, line);
        if (killed_alone) Keep(PathOf(runs, "attempt", line), std::to_string(n + 1));
        if (n == 0) return Fate::kPass;
        line["idempotency_key"] = Text(line, "idempotency_key") + " try " + std::to_string(n);
        return Fate::kChanged;
      },
      [attempt, killed_alone](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (!run || !IsTerminal(line)) return Fate::kPass;
        const bool ok = Of("final", "OK")(line);
        if (killed_alone || !ok) {
          Keep(PathOf(runs, "attempt", run->request),
               std::to_string(attempt(runs, run->request) + (killed_alone ? -1 : 1)));
        }
        return Fate::kPass;
      });
}

// A stream tells of a run of another process under the duplicate's own id.
Tampering NamingTheDuplicate() {
  return Following({}, [](Object& line, Wire&, Runs& runs) {
    const auto existing = Text(line, "existing_request_id");
    if (existing.empty() || runs.Find(existing)) return Fate::kPass;
    line["existing_request_id"] = Text(line, "request_id");
    return Fate::kChanged;
  });
}

volatile std::sig_atomic_t continued = 0;

Tampering AnsweringAnewAfterAStop() {
  auto tampering = Responses(
      [](const Object& line) { return continued != 0 && Of("final", "OK")(line); },
      Change("text", [](boost::json::value& text) { text = "the answer to a second question"; }));
  tampering.launch = [](Launch&) { ::signal(SIGCONT, [](int) { continued = 1; }); };
  return tampering;
}

}  // namespace

std::vector<Defect> OtherProcessDefects() {
  return {
      {"other-hosts-duplicate-names-itself",
       "IDEM-04",
       Subtlety::kSubtle,
       "A stream that tells of another process's run gives the duplicate's own id for it.",
       NamingTheDuplicate,
       {"idem/one-pair-in-two-hosts"},
       true,
       {"RESP-02"}},
      {"stopped-host-answers-anew",
       "IDEM-01",
       Subtlety::kSubtle,
       "A host that stood still asks again, and answers otherwise than what was stored.",
       AnsweringAnewAfterAStop,
       {"life/host-that-stood-still"},
       false},
      {"duplicate-elsewhere-runs",
       "IDEM-05",
       Subtlety::kBlatant,
       "The same pair in another process is executed there, too.",
       [] { return Elsewhere([](Object& line, Wire&, Runs&) { return UnderItsOwnKey(line); }); },
       {"idem/other-process-waits-and-replays"}},
      {"duplicate-elsewhere-is-busy",
       "IDEM-05",
       Subtlety::kSubtle,
       "The same pair in another process is BUSY.",
       [] {
         return Elsewhere(
             [](Object& line, Wire& wire, Runs& runs) { return Refuse(line, wire, runs, "BUSY"); });
       },
       {"idem/other-process-waits-and-replays"}},
      {"duplicate-elsewhere-shares-the-failure",
       "IDEM-05",
       Subtlety::kSubtle,
       "A waiting duplicate reports the failure of the process that it waited for.",
       SharingTheFailure,
       {"idem/other-process-runs-after-a-failure"}},
      {"duplicate-elsewhere-outwaits-its-time",
       "IDEM-05",
       Subtlety::kSubtle,
       "A duplicate waits for the other process longer than its own timeout_ms.",
       [] { return WaitingLonger(20); },
       {"idem/other-process-waits-its-own-time"}},
      {"duplicate-elsewhere-starts-its-time-anew",
       "IDEM-05",
       Subtlety::kSubtle,
       "A duplicate that runs after the other's failure has its whole timeout_ms again.",
       [] { return WaitingLonger(2); },
       {"idem/waiting-is-in-the-budget"}},
      {"entries-are-in-memory",
       "IDEM-08",
       Subtlety::kBlatant,
       "Entries live in the memory of one process.",
       [] { return KeysAs([](auto key) { return key + " of " + std::to_string(::getpid()); }); },
       {"idem/replay-across-processes", "idem/replay-after-a-restart/eof"}},
      {"entries-are-written-at-exit",
       "IDEM-08",
       Subtlety::kSubtle,
       "Entries are written when the host exits, and not before.",
       EntriesAreWrittenAtExit,
       {"idem/replay-after-a-restart/kill"}},
      {"streams-have-entries-of-their-own",
       "IDEM-08",
       Subtlety::kSubtle,
       "What a one-shot answered is not replayed by a stream.",
       [] {
         auto streams = std::make_shared<bool>(false);
         auto tampering =
             KeysAs([streams](const std::string& key) { return *streams ? "stream/" + key : key; });
         tampering.launch = [streams](Launch& launch) { *streams = launch.streams(); };
         return tampering;
       },
       {"sess/modes-share-the-state"}},
      {"tool-runs-again-on-retry",
       "IDEM-10",
       Subtlety::kBlatant,
       "A retry under the same key executes the tools of the failed attempt again.",
       [] { return ForgettingAttempts(false); },
       {"tool/completed-call-is-not-repeated"}},
      {"tool-runs-again-after-a-kill",
       "IDEM-10",
       Subtlety::kSubtle,
       "A retry executes the tools again when the attempt before was killed.",
       [] { return ForgettingAttempts(true); },
       {"tool/completed-call-of-a-killed-attempt"}},
      {"killed-run-is-taken-over-late",
       "IDEM-11",
       Subtlety::kSubtle,
       "What a killed process left running is taken over after 6 s, by a lease.",
       [] { return TakingOverAfter(6000); },
       {"idem/killed-process-is-taken-over"},
       false},
      {"killed-run-is-never-taken-over",
       "IDEM-11",
       Subtlety::kBlatant,
       "What a killed host left running stays a duplicate for good.",
       [] { return TakingOverAfter(6000); },
       {"idem/killed-host-is-taken-over"}},
  };
}

}  // namespace touchstone::defective
