#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/frame.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

using Clock = std::chrono::steady_clock;

bool Streams(const Launch& launch) { return launch.streams(); }
bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

int StdinTimeoutOf(const Launch& launch) {
  const auto found = launch.environment.find("ZENE_STDIN_TIMEOUT_MS");
  const int ms = found == launch.environment.end() ? 0 : std::atoi(found->second.c_str());
  return ms > 0 ? ms : 15000;
}

// What is done at EOF, in a stream; all else passes.
Tampering AtEof(void (*act)(Wire& wire)) {
  Tampering tampering;
  tampering.bytes = [act](std::string_view chunk, Wire& wire) {
    wire.ToHost(chunk);
    if (chunk.empty()) act(wire);
  };
  return When(Streams, tampering);
}

Tampering NoLineIsAnError() {
  const auto any = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.bytes = [any](std::string_view chunk, Wire& wire) {
    *any = *any || !chunk.empty();
    wire.ToHost(chunk);
  };
  tampering.exit = [any](int status, Wire&) { return *any ? status : 2; };
  return When(Streams, tampering);
}

Tampering ExitStatusOfTheWorstRun() {
  const auto failed = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.response = [failed](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    *failed =
        *failed || (object && (Of("final", "ERROR")(*object) || Of("final", "TIMEOUT")(*object)));
    PassToCaller(line, wire);
  };
  tampering.exit = [failed](int status, Wire&) { return *failed && status == 0 ? 1 : status; };
  return When(Streams, tampering);
}

// A line waits in the writer's buffer until the next comes; who flushes the last one at the end
// forgets it when a run ended after EOF.
Tampering LosesTheLastLine() {
  const auto eof = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.bytes = [eof](std::string_view chunk, Wire& wire) {
    *eof = chunk.empty();
    wire.ToHost(chunk);
  };
  tampering.response = [eof, held = std::string()](const std::string& line, Wire& wire) mutable {
    if (!*eof) return PassToCaller(line, wire);
    wire.ToCaller(held);
    held = line + "\n";
  };
  return When(Streams, tampering);
}

// Written when 4 KiB are full, or at the end.
Tampering BufferedStdout() {
  const auto buffer = std::make_shared<std::string>();
  Tampering tampering;
  tampering.response = [buffer](const std::string& line, Wire& wire) {
    buffer->append(line + "\n");
    if (buffer->size() < 4096) return;
    wire.ToCaller(*buffer);
    buffer->clear();
  };
  tampering.exit = [buffer](int status, Wire& wire) {
    wire.ToCaller(*buffer);
    return status;
  };
  return When(Streams, tampering);
}

// `Within`: the silence counts only when half a line waits.
template <bool kWithinALine>
Tampering SilenceEndsTheStream() {
  const auto timeout = std::make_shared<int>(0);
  Tampering tampering;
  tampering.launch = [timeout](Launch& launch) { *timeout = StdinTimeoutOf(launch); };
  tampering.bytes = [timeout, turn = std::make_shared<int>(0)](std::string_view chunk, Wire& wire) {
    wire.ToHost(chunk);
    const int now = ++*turn;
    if (chunk.empty() || (kWithinALine && chunk.ends_with('\n'))) return;
    wire.After(*timeout, [turn, now, &wire] {
      if (*turn == now) wire.CloseHostStdin();
    });
  };
  return When(Streams, tampering);
}

Tampering NoLineNoAnswer() {
  const auto any = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.request = [any](const std::string& line, Wire& wire) {
    *any = true;
    PassToHost(line, wire);
  };
  tampering.response = [any](const std::string& line, Wire& wire) {
    if (*any) PassToCaller(line, wire);
  };
  return When(IsOneShot, tampering);
}

Tampering HalfTheStdinTimeout() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    launch.environment["ZENE_STDIN_TIMEOUT_MS"] = std::to_string(StdinTimeoutOf(launch) / 2);
  };
  return When(IsOneShot, tampering);
}

// The timer starts anew with each byte. It ticks, so as not to outlive the host.
Tampering TrickleResetsTheTimeout() {
  struct Timer {
    int ms = 0;
    bool begun = false, ended = false;
    Clock::time_point last = Clock::now();
  };
  const auto timer = std::make_shared<Timer>();
  Tampering tampering;
  tampering.launch = [timer](Launch& launch) {
    timer->ms = StdinTimeoutOf(launch);
    launch.environment["ZENE_STDIN_TIMEOUT_MS"] = "86400000";
  };
  tampering.bytes = [timer](std::string_view chunk, Wire& wire) {
    wire.ToHost(chunk);
    timer->last = Clock::now();
    if (std::exchange(timer->begun, true)) return;
    const auto tick = std::make_shared<std::function<void()>>();
    *tick = [timer, tick, &wire] {
      if (Clock::now() - timer->last > std::chrono::milliseconds(timer->ms)) wire.CloseHostStdin();
      if (!timer->ended) wire.After(10, *tick);
    };
    (*tick)();
  };
  tampering.exit = [timer](int status, Wire&) {
    timer->ended = true;
    return status;
  };
  return When(IsOneShot, tampering);
}

Tampering SkipsBlankLines() {
  return When(IsOneShot, RequestLines([](const std::string& line) {
                const bool blank = line.find_first_not_of(" \t\r") == line.npos;
                return blank ? std::nullopt : std::optional(line);
              }));
}

// Something turns without need from the first request on, while there is a run.
Tampering BusyLoop() {
  const auto ended = std::make_shared<bool>(false);
  Tampering tampering = OnRequest(Is("type", "run"), [ended](const std::string& line, const Object&,
                                                             Wire& wire) {
    PassToHost(line, wire);
    const auto turn = std::make_shared<std::function<void()>>();
    *turn = [ended, turn, &wire] {
      for (const auto until = Clock::now() + std::chrono::milliseconds(10); Clock::now() < until;) {
      }
      if (!*ended) wire.After(1, *turn);
    };
    wire.After(0, *turn);
  });
  tampering.exit = [ended](int status, Wire&) {
    *ended = true;
    return status;
  };
  return When(Streams, tampering);
}

}  // namespace

std::vector<Defect> EndDefects() {
  return {
      {"eof-ends-the-runs",
       "FRAME-13",
       Subtlety::kBlatant,
       "At EOF the host shuts down as at SIGTERM: queued runs are BUSY.",
       [] { return AtEof([](Wire& wire) { wire.KillHost(SIGTERM); }); },
       {"frame/eof-lets-runs-finish*"}},
      {"eof-loses-the-runs",
       "FRAME-13",
       Subtlety::kBlatant,
       "At EOF the host exits with its runs unanswered.",
       [] { return AtEof([](Wire& wire) { wire.KillHost(SIGKILL); }); },
       {"frame/eof-right-after-a-run*"},
       true,
       {"LIFE-01"}},
      {"no-line-is-an-error",
       "FRAME-13",
       Subtlety::kSubtle,
       "A stream that ends without any line is a usage error.",
       NoLineIsAnError,
       {"frame/eof-without-any-line*"}},
      {"exit-status-of-the-worst-run",
       "FRAME-13",
       Subtlety::kSubtle,
       "A stream in which a run failed exits with 1.",
       ExitStatusOfTheWorstRun,
       {"resp/codes/internal*"}},
      {"last-line-is-lost-at-exit",
       "FRAME-13",
       Subtlety::kSubtle,
       "The last line after EOF stays in the writer's buffer when the host exits.",
       LosesTheLastLine,
       {"frame/eof-right-after-a-run*"},
       true,
       {"LIFE-01"}},
      {"stdout-is-buffered",
       "FRAME-04",
       Subtlety::kBlatant,
       "In a stream, answers are written when 4 KiB of them have come together, or at the end.",
       BufferedStdout,
       {"frame/byte-by-byte"},
       false,
       {"LIFE-01", "LIFE-06"}},
      {"silence-ends-the-stream",
       "FRAME-14",
       Subtlety::kBlatant,
       "A stream that is idle for the stdin timeout is closed.",
       SilenceEndsTheStream<false>,
       {"frame/idle-stream*"}},
      {"silence-within-a-line-ends-the-stream",
       "FRAME-14",
       Subtlety::kSubtle,
       "A stream that is idle for the stdin timeout with half a line read is closed.",
       SilenceEndsTheStream<true>,
       {"frame/idle-stream*"}},
      {"no-line-no-answer",
       "FRAME-15",
       Subtlety::kBlatant,
       "A one-shot whose stdin ends before a line says nothing.",
       NoLineNoAnswer,
       {"frame/eof-before-a-line*"},
       true,
       {"LIFE-04", "BRIDGE-01"}},
      {"half-the-stdin-timeout",
       "FRAME-15",
       Subtlety::kSubtle,
       "A one-shot gives up waiting for its line after half of the stdin timeout.",
       HalfTheStdinTimeout,
       {"frame/no-line-in-time*"}},
      {"trickle-resets-the-timeout",
       "FRAME-15",
       Subtlety::kSubtle,
       "A one-shot's stdin timeout begins with the first byte, and anew with each.",
       TrickleResetsTheTimeout,
       {"frame/trickle-is-not-in-time*"}},
      {"one-shot-skips-blank-lines",
       "FRAME-15",
       Subtlety::kSubtle,
       "A one-shot skips a blank line and answers the next.",
       SkipsBlankLines,
       {"frame/blank-line-in-a-one-shot/lf*"}},
      {"dies-of-sigpipe",
       "FRAME-16",
       Subtlety::kBlatant,
       "A host whose reader has gone is killed by SIGPIPE at its next line.",
       [] { return When(Streams, ExitStatus(4, 128 + SIGPIPE)); },
       {"frame/reader-goes-away*"}},
      {"reader-gone-is-success",
       "FRAME-16",
       Subtlety::kSubtle,
       "A stream whose reader has gone exits with 0.",
       [] { return When(Streams, ExitStatus(4, 0)); },
       {"frame/reader-goes-away*"}},
      {"busy-loop-while-a-run-waits",
       "FRAME-16",
       Subtlety::kBlatant,
       "While a run waits for its provider, a thread polls without pause.",
       BusyLoop,
       {"frame/no-busy-loop-without-a-reader*"}},
  };
}

}  // namespace touchstone::defective
