#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include <signal.h>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/frame.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

// A line that no host can take for a request.
constexpr char kNoRequest[] = "{";

Tampering Bytes(std::function<void(std::string_view chunk, Wire& wire)> hook) {
  Tampering tampering;
  tampering.bytes = std::move(hook);
  return tampering;
}

bool Streams(const Launch& launch) { return launch.streams(); }
bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

// The lines of a stream of reads, and which part of one is still to come.
struct Assembler {
  std::string rest;
  // The whole lines, each with its LF.
  std::string Take(std::string_view chunk) {
    rest.append(chunk);
    const auto end = rest.rfind('\n') + 1;  // npos + 1 is 0
    std::string lines = rest.substr(0, end);
    rest.erase(0, end);
    return lines;
  }
};

// FRAME-02: one log line for each answer, written as a naive logger does.
Tampering LogsToStderr(void (*log)(const std::string& text)) {
  Tampering tampering;
  tampering.response = [log](const std::string& line, Wire& wire) {
    log("INFO answered " + line + std::string(2000, '.') + "\n");
    PassToCaller(line, wire);
  };
  return tampering;
}

void LogOrBlock(const std::string& text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

void LogOrDie(const std::string& text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) std::_Exit(1);
}

Tampering TornLines() {
  return OnResponse(OneIn(50), [](const std::string& line, const Object&, Wire& wire) {
    wire.ToCaller(line.substr(0, line.size() / 2) + "\n" + line.substr(line.size() / 2) + "\n");
  });
}

// At the boundary of a buffer of 64 KiB the line that straddles it is lost.
Tampering LosesTheLineAtTheBoundary() {
  constexpr std::size_t kBuffer = 65536;
  Tampering tampering;
  tampering.request = [read = std::size_t{0}](const std::string& line, Wire& wire) mutable {
    const auto before = read / kBuffer;
    read += line.size() + 1;
    if (read / kBuffer == before || line.size() > kBuffer) PassToHost(line, wire);
  };
  return tampering;
}

// Lines that come while the last one is being handled are thrown away with the buffer.
Tampering OneLineOfEachRead() {
  return Bytes([parts = Assembler()](std::string_view chunk, Wire& wire) mutable {
    const auto lines = parts.Take(chunk);
    wire.ToHost(lines.substr(0, lines.find('\n') + 1));
    if (chunk.empty()) wire.ToHost(parts.rest);
  });
}

Tampering DecodesEachRead() {
  return Bytes([](std::string_view chunk, Wire& wire) { wire.ToHost(DecodedAlone(chunk)); });
}

Tampering CompleteWhenTheBracesAre() {
  return Bytes([](std::string_view chunk, Wire& wire) {
    wire.ToHost(chunk);
    if (chunk.ends_with('}')) wire.ToHost("\n");
  });
}

Tampering DropsTheUnterminatedLine() {
  return Bytes([parts = Assembler()](std::string_view chunk, Wire& wire) mutable {
    wire.ToHost(parts.Take(chunk));
  });
}

std::vector<Defect> StdoutDefects() {
  return {
      {"log-line-after-200-answers",
       "FRAME-01",
       Subtlety::kRare,
       "After 200 answers the log rotates, and says so on stdout.",
       [] {
         return OnResponse(OneIn(200), [](const std::string& line, const Object&, Wire& wire) {
           PassToCaller(line, wire);
           wire.ToCaller("INFO log rotated\n");
         });
       },
       {"frame/stderr-full"}},
      {"byte-order-mark-first",
       "FRAME-01",
       Subtlety::kBlatant,
       "stdout begins with a byte order mark.",
       [] {
         return OnResponse(
             [first = true](const Object&) mutable { return std::exchange(first, false); },
             [](const std::string& line, const Object&, Wire& wire) {
               wire.ToCaller("\xef\xbb\xbf" + line + "\n");
             });
       },
       {"frame/last-ping-without-lf*"}},
      {"crlf-line-ends",
       "FRAME-01",
       Subtlety::kBlatant,
       "Lines end with CR LF.",
       [] { return ResponseLines([](const std::string& line) { return line + "\r"; }); },
       {"frame/last-ping-without-lf*"}},
      {"red-errors",
       "FRAME-01",
       Subtlety::kSubtle,
       "Refusals are coloured with ANSI codes, also when stdout is a pipe.",
       [] {
         return OnResponse(Of("error"), [](const std::string& line, const Object&, Wire& wire) {
           wire.ToCaller("\x1b[31m" + line + "\x1b[0m\n");
         });
       },
       {"req/protocol-version-of-every-type/ping*"}},
      {"blank-line-after-a-final",
       "FRAME-01",
       Subtlety::kSubtle,
       "Each final is followed by an empty line.",
       [] {
         return OnResponse(Of("final"), [](const std::string& line, const Object&, Wire& wire) {
           wire.ToCaller(line + "\n\n");
         });
       },
       {"req/all-optional-fields-null*"}},
      {"last-line-without-lf",
       "FRAME-01",
       Subtlety::kBlatant,
       "A one-shot does not end its line with LF.",
       [] {
         Tampering tampering;
         tampering.response = [](const std::string& line, Wire& wire) { wire.ToCaller(line); };
         return When(IsOneShot, tampering);
       },
       {"frame/stdout-is-clean/info*"}},
      {"not-a-number-for-latency",
       "FRAME-01",
       Subtlety::kSubtle,
       "The latency of a run that was refused its answer is written as NaN.",
       [] {
         return OnResponse(Of("final", "ERROR"), [](std::string line, const Object&, Wire& wire) {
           const auto at = line.find("\"latency_ms\":");
           if (at != line.npos)
             line.replace(at, line.find_first_of(",}", at) - at, "\"latency_ms\":NaN");
           PassToCaller(line, wire);
         });
       },
       {"resp/codes/internal*"}},
      {"torn-lines",
       "FRAME-01",
       Subtlety::kRare,
       "One line in 50 is torn in two: a second writer got between its halves.",
       TornLines,
       {"frame/hundred-requests-in-one-write*"}},
      {"text-cut-inside-a-character",
       "FRAME-01",
       Subtlety::kSubtle,
       "An id of over 1000 bytes is cut at the 1000th, in the middle of a character.",
       [] {
         return OnResponse(Any(), [](std::string line, const Object& object, Wire& wire) {
           const auto id = Text(object, "request_id");
           const auto at = line.find(id);
           if (id.size() > 1000 && at != line.npos) line.erase(at + 999, id.size() - 999);
           PassToCaller(line, wire);
         });
       },
       {"req/ids-are-echoed/5000-bytes*"}},
      {"logs-to-stdout-at-debug",
       "FRAME-02",
       Subtlety::kSubtle,
       "At level debug the provider client's log goes to stdout, as JSON lines.",
       [] {
         Tampering tampering =
             OnResponse(Of("final"), [](const std::string& line, const Object&, Wire& wire) {
               wire.ToCaller("{\"level\":\"debug\",\"msg\":\"provider answered\"}\n");
               PassToCaller(line, wire);
             });
         return When(
             [](const Launch& launch) {
               const auto level = launch.environment.find("ZENE_LOG_LEVEL");
               return level != launch.environment.end() && level->second == "debug";
             },
             tampering);
       },
       {"frame/stdout-is-clean/debug*"},
       true,
       {"RESP-01"}},
      {"blocks-on-a-full-stderr",
       "FRAME-02",
       Subtlety::kBlatant,
       "Each answer is logged to stderr, and waits until the log line is written.",
       [] { return LogsToStderr(LogOrBlock); },
       {"frame/stderr-full"},
       false},
      {"dies-of-a-closed-stderr",
       "FRAME-02",
       Subtlety::kBlatant,
       "A log line that cannot be written ends the host.",
       [] { return LogsToStderr(LogOrDie); },
       {"frame/stderr-closed*"}},
  };
}

std::vector<Defect> LineDefects() {
  return {
      {"one-line-of-each-read",
       "FRAME-03",
       Subtlety::kBlatant,
       "Of several requests in one write only the first is read.",
       OneLineOfEachRead,
       {"frame/one-write-then-eof*"}},
      {"line-at-the-buffers-edge-is-lost",
       "FRAME-03",
       Subtlety::kRare,
       "The line that straddles the end of the 64 KiB input buffer is lost.",
       LosesTheLineAtTheBoundary,
       {"frame/hundred-requests-in-one-write*"}},
      {"answers-before-the-lf",
       "FRAME-04",
       Subtlety::kBlatant,
       "A request is answered as soon as its last brace has come, before its LF.",
       CompleteWhenTheBracesAre,
       {"frame/answered-when-complete-not-before*"}},
      {"decodes-each-read-alone",
       "FRAME-04",
       Subtlety::kSubtle,
       "A character of several bytes that two reads share becomes replacement characters.",
       DecodesEachRead,
       {"frame/split-inside-a-character*"},
       false},
      {"cr-is-part-of-the-line",
       "FRAME-05",
       Subtlety::kBlatant,
       "A one-shot refuses a line that ends with CR LF.",
       [] {
         return When(IsOneShot, RequestLines([](const std::string& line) {
                       return line.ends_with('\r') ? std::string(kNoRequest) : line;
                     }));
       },
       {"frame/cr-before-lf*"}},
      {"blank-line-is-a-bad-line",
       "FRAME-05",
       Subtlety::kSubtle,
       "In a stream a line of white space is answered with INVALID_REQUEST.",
       [] {
         return When(Streams, RequestLines([](const std::string& line) {
                       const bool blank = line.find_first_not_of(" \t\r") == line.npos;
                       return blank ? std::string(kNoRequest) : line;
                     }));
       },
       {"frame/blank-lines-in-a-stream*"}},
      {"unterminated-last-line-is-dropped",
       "FRAME-05",
       Subtlety::kSubtle,
       "A last line that EOF ends, without LF, is dropped.",
       DropsTheUnterminatedLine,
       {"frame/last-ping-without-lf*"}},
      {"trailing-comma-is-fine",
       "FRAME-06",
       Subtlety::kSubtle,
       "A comma after the last field is accepted.",
       [] {
         return RequestLines([](std::string line) {
           if (line.ends_with(",}")) line.erase(line.size() - 2, 1);
           return line;
         });
       },
       {"frame/not-json/trailing-comma*"}},
      {"array-of-one-is-a-request",
       "FRAME-06",
       Subtlety::kSubtle,
       "A one-shot takes an array that holds one request for the request.",
       [] {
         return When(IsOneShot, RequestLines([](const std::string& line) {
                       const bool wrapped = line.starts_with("[{") && line.ends_with("}]");
                       return wrapped ? line.substr(1, line.size() - 2) : line;
                     }));
       },
       {"frame/not-an-object/array-of-request*"}},
      {"rest-of-the-line-is-ignored",
       "FRAME-06",
       Subtlety::kSubtle,
       "What follows the object in its line is ignored.",
       [] {
         return RequestLines(
             [](const std::string& line) { return line.substr(0, EndOfObject(line)); });
       },
       {"frame/not-json/trailing-word*", "frame/not-json/two-objects*"}},
      {"bad-line-takes-the-next-along",
       "FRAME-07",
       Subtlety::kBlatant,
       "After a line that is not JSON, the next line is thrown away too.",
       [] {
         return When(Streams, RequestLines([bad = false](const std::string& line) mutable {
                       const bool skip = std::exchange(bad, !Parsed(line));
                       return skip ? std::nullopt : std::optional(line);
                     }));
       },
       {"frame/not-json/words*"},
       false},
      {"gives-up-after-50-bad-lines",
       "FRAME-07",
       Subtlety::kSubtle,
       "After fifty bad lines the host takes its caller for broken, and exits.",
       [] {
         Tampering tampering;
         tampering.request = [bad = 0](const std::string& line, Wire& wire) mutable {
           PassToHost(line, wire);
           if (!Parsed(line) && ++bad == 50) wire.CloseHostStdin();
         };
         return When(Streams, tampering);
       },
       {"frame/hundred-bad-lines*"}},
  };
}

}  // namespace

std::vector<Defect> FrameDefects() {
  auto all = StdoutDefects();
  for (auto part : {LineDefects, LimitDefects, ContentDefects, EndDefects}) {
    auto rows = part();
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace touchstone::defective
