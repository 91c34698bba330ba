#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "fault-injection/defective-hosts/life.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

bool Streams(const Launch& launch) { return launch.streams(); }

Tampering OnSignal(std::function<void(int signal_number, Wire& wire)> hook) {
  Tampering tampering;
  tampering.signal = std::move(hook);
  return tampering;
}

int GraceOf(const Launch& launch) {
  const auto found = launch.environment.find("ZENE_CANCEL_GRACE_MS");
  return found == launch.environment.end() ? 2000 : std::atoi(found->second.c_str());
}

// The host counts on another grace than it is told; so it does for a cancel, too, which no check of
// these rows looks at.
Tampering Grace(int (*other)(int ms)) {
  Tampering tampering;
  tampering.launch = [other](Launch& launch) {
    launch.environment["ZENE_CANCEL_GRACE_MS"] = std::to_string(other(GraceOf(launch)));
  };
  return tampering;
}

Tampering EndsAtOnce() {
  return When(Streams, OnSignal([](int, Wire& wire) { wire.KillHost(SIGKILL); }));
}

Tampering SecondSignalIsIgnored() {
  return When(Streams, OnSignal([first = true](int number, Wire& wire) mutable {
                if (std::exchange(first, false)) wire.KillHost(number);
              }));
}

Tampering IgnoresInt() {
  return OnSignal([](int number, Wire& wire) {
    if (number != SIGINT) wire.KillHost(number);
  });
}

// Looks at its flag once in a while.
Tampering NoticesLate(int ms) {
  return When(Streams, OnSignal([ms](int number, Wire& wire) {
                wire.After(ms, [number, &wire] { wire.KillHost(number); });
              }));
}

// New runs are held back from the refusal until the grace has gone, and then thrown away.
Tampering AnswersNobodyWhileDraining() {
  const auto draining = std::make_shared<bool>(false);
  Tampering tampering = OnSignal([draining](int number, Wire& wire) {
    *draining = true;
    wire.KillHost(number);
  });
  tampering.request = [draining](const std::string& line, Wire& wire) {
    if (!*draining) PassToHost(line, wire);
  };
  return When(Streams, tampering);
}

Tampering ExitsWithTheSignal() {
  const auto signalled = std::make_shared<int>(0);
  Tampering tampering = OnSignal([signalled](int number, Wire& wire) {
    *signalled = number;
    wire.KillHost(number);
  });
  tampering.exit = [signalled](int status, Wire&) {
    return *signalled != 0 && status == 0 ? 128 + *signalled : status;
  };
  return tampering;
}

Tampering ExitsLateAfterASignal(int ms) {
  const auto signalled = std::make_shared<bool>(false);
  Tampering tampering = OnSignal([signalled](int number, Wire& wire) {
    *signalled = true;
    wire.KillHost(number);
  });
  tampering.exit = [signalled, ms](int status, Wire& wire) {
    if (*signalled) wire.After(ms, [] {});
    return status;
  };
  return tampering;
}

// A draining host without runs waits for its stdin to end.
Tampering WaitsForEofToDrain() {
  const auto runs = std::make_shared<int>(0);
  Tampering tampering = OnSignal([runs](int number, Wire& wire) {
    if (*runs > 0) wire.KillHost(number);
  });
  tampering.response = [runs](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    if (object && Of("ack", "ACCEPTED")(*object)) ++*runs;
    if (object && Of("final")(*object)) --*runs;
    PassToCaller(line, wire);
  };
  return When(Streams, tampering);
}

Tampering AfterSignal(Which which, Edit edit) {
  const auto signalled = std::make_shared<bool>(false);
  Tampering tampering =
      Responses([signalled, which](const Object& line) { return *signalled && which(line); }, edit);
  tampering.signal = [signalled](int number, Wire& wire) {
    *signalled = true;
    wire.KillHost(number);
  };
  return tampering;
}

Which ErrorOf(std::string code) {
  return [code](const Object& line) {
    auto copy = line;
    const auto* found = At(copy, "error.code");
    return found && found->is_string() && found->get_string() == code;
  };
}

void EndsCanceled(Object& line) {
  line["status"] = "CANCELED";
  line["error"] = nullptr;
}

// A process of the host's own that holds no pipe and outlives it for a while.
void LeaveAChild() {
  if (::fork() != 0) return;
  ::setsid();
  for (int fd = 0; fd < 256; ++fd) ::close(fd);
  ::sleep(20);
  ::_exit(0);
}

Tampering LeavesAChild(bool (*at)(int status)) {
  Tampering tampering;
  tampering.exit = [at](int status, Wire&) {
    if (at(status)) LeaveAChild();
    return status;
  };
  return tampering;
}

// As a daemon is started: a session of its own, nothing of the host's environment or pipes.
Tampering LeavesADaemon() {
  Tampering tampering;
  tampering.exit = [](int status, Wire&) {
    if (::fork() == 0) {
      ::setsid();
      for (int fd = 0; fd < 256; ++fd) ::close(fd);
      char name[] = "sleep", seconds[] = "20";
      char* argv[] = {name, seconds, nullptr};
      char* environment[] = {nullptr};
      ::execve("/bin/sleep", argv, environment);
      ::_exit(1);
    }
    return status;
  };
  return tampering;
}

Tampering LeavesAChildAfterASignal() {
  Tampering tampering = OnSignal([](int number, Wire& wire) {
    LeaveAChild();
    wire.KillHost(number);
  });
  return tampering;
}

}  // namespace

std::vector<Defect> ShutdownDefects() {
  return {
      {"sigterm-kills",
       "LIFE-07",
       Subtlety::kBlatant,
       "SIGTERM ends a stream at once, without its terminals.",
       EndsAtOnce,
       {"life/drain/term*"},
       true,
       {"LIFE-01"}},
      {"one-shot-dies-of-sigterm",
       "LIFE-07",
       Subtlety::kSubtle,
       "SIGTERM ends a one-shot at once, without its line.",
       [] {
         return When([](const Launch& launch) { return launch.Has("host") && !launch.streams(); },
                     OnSignal([](int, Wire& wire) { wire.KillHost(SIGKILL); }));
       },
       {"life/one-shot-finishes-in-its-grace*"},
       true,
       {"LIFE-04", "BRIDGE-01"}},
      {"second-signal-is-ignored",
       "LIFE-07",
       Subtlety::kSubtle,
       "A second SIGTERM while the host drains is ignored.",
       SecondSignalIsIgnored,
       {"life/second-signal/term*"},
       false},
      {"sigint-is-ignored",
       "LIFE-07",
       Subtlety::kSubtle,
       "SIGINT is ignored.",
       IgnoresInt,
       {"life/idle-host-drains/int*"},
       false},
      {"draining-waits-for-stdin",
       "LIFE-07",
       Subtlety::kSubtle,
       "An idle host ends at SIGTERM only when its stdin does.",
       WaitsForEofToDrain,
       {"life/fresh-host-drains*"},
       false},
      {"drains-a-second-late",
       "LIFE-07",
       Subtlety::kSubtle,
       "The host looks at its shutdown flag once a second: until then it takes new runs.",
       [] { return NoticesLate(900); },
       {"life/queued-run-ends-at-once/term*"},
       false},
      {"deaf-while-draining",
       "LIFE-07",
       Subtlety::kSubtle,
       "A draining host reads no more requests: new runs get no BUSY.",
       AnswersNobodyWhileDraining,
       {"life/drain/term*"},
       false},
      {"no-grace-at-all",
       "LIFE-07",
       Subtlety::kSubtle,
       "At SIGTERM a running run ends at once, without the grace.",
       [] { return Grace([](int) { return 0; }); },
       {"life/one-shot-grace-runs-out/term*", "life/grace-runs-out/term*"}},
      {"grace-too-long",
       "LIFE-07",
       Subtlety::kSubtle,
       "At SIGTERM a running run has the grace and two seconds.",
       [] { return Grace([](int ms) { return ms + 2000; }); },
       {"life/grace-runs-out/term*"},
       false},
      {"exits-with-the-signal",
       "LIFE-07",
       Subtlety::kSubtle,
       "A host that drained ends by the signal, not with 0.",
       ExitsWithTheSignal,
       {"life/fresh-host-drains*"}},
      {"exits-late-after-sigterm",
       "LIFE-07",
       Subtlety::kSubtle,
       "A host that drained lingers for three seconds.",
       [] { return ExitsLateAfterASignal(3000); },
       {"life/grace-runs-out/term*"},
       false},
      {"shutdown-cancels",
       "LIFE-07",
       Subtlety::kSubtle,
       "A run that the shutdown cut off ends CANCELED.",
       [] { return AfterSignal(ErrorOf("INTERNAL"), EndsCanceled); },
       {"life/eof-then-signal*"}},
      {"queued-run-is-internal",
       "LIFE-07",
       Subtlety::kSubtle,
       "At SIGTERM a queued run ends INTERNAL.",
       [] {
         return AfterSignal(
             And(Of("final"), ErrorOf("BUSY")),
             Set("error",
                 Object{{"code", "INTERNAL"}, {"message", "shutting down"}, {"retryable", true}}));
       },
       {"life/drain/term*"}},
      {"child-outlives-the-host",
       "LIFE-08",
       Subtlety::kBlatant,
       "A helper process outlives each host.",
       [] { return LeavesAChild([](int) { return true; }); },
       {"frame/last-ping-without-lf*"}},
      {"daemon-outlives-the-host",
       "LIFE-08",
       Subtlety::kRare,
       "A helper with a session and an environment of its own outlives each host.",
       LeavesADaemon,
       {"life/nobody-is-left*"}},
      {"child-outlives-a-failure",
       "LIFE-08",
       Subtlety::kSubtle,
       "A helper process outlives a host that exits with an error.",
       [] { return LeavesAChild([](int status) { return status != 0; }); },
       {"exit/invalid-request/words*"}},
      {"child-outlives-sigterm",
       "LIFE-08",
       Subtlety::kSubtle,
       "A helper process outlives a host that is ended by SIGTERM.",
       LeavesAChildAfterASignal,
       {"life/fresh-host-drains*", "life/nothing-outlives-the-host/term*"}},
  };
}

}  // namespace touchstone::defective
