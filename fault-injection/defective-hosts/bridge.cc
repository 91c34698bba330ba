#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

Which Failed(std::string code = {}) {
  return [code](const Object& line) {
    const auto found = Text(line, "error_code");
    return code.empty() ? !found.empty() : found == code;
  };
}

// A flat line in the shape of a stream.
void Unflatten(Object& line) {
  const auto* ok = line.if_contains("ok");
  line["type"] = "final";
  line["status"] = ok && ok->is_bool() && ok->get_bool() ? "OK" : "ERROR";
  line.erase("ok");
}

// What the exit status says of the answer, as a shell would like it.
Tampering ExitsWith1(Which which) {
  const auto seen = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.response = [seen, which](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    *seen = *seen || (object && which(*object));
    PassToCaller(line, wire);
  };
  tampering.exit = [seen](int status, Wire&) { return *seen && status == 0 ? 1 : status; };
  return tampering;
}

Tampering ExitsLate(int ms, bool (*how)(const Launch&)) {
  Tampering tampering;
  tampering.exit = [ms](int status, Wire& wire) {
    wire.After(ms, [] {});
    return status;
  };
  return When(how, tampering);
}

// A process of the host's, started for its last answer, that nobody waits for: it holds stdout.
Tampering DescendantHoldsThePipe() {
  Tampering tampering;
  tampering.exit = [](int status, Wire&) {
    if (::fork() == 0) {
      ::usleep(1500000);
      ::_exit(0);
    }
    return status;
  };
  return When(IsOneShot, tampering);
}

Tampering FailsBeforeItReads() {
  return When(
      [](const Launch& launch) {
        const auto found = launch.environment.find("ZENE_MAX_CONCURRENCY");
        return IsOneShot(launch) && found != launch.environment.end() &&
               found->second.find_first_not_of("0123456789") != std::string::npos;
      },
      Responses(Any(), Set("request_id", "unknown")));
}

// Nobody reads the answer any more, so it is not kept.
Tampering UnreadAnswerIsForgotten() {
  const auto directory = std::make_shared<std::string>();
  Tampering tampering;
  tampering.launch = [directory](Launch& launch) {
    const auto found = launch.environment.find("ZENE_STATE_DIR");
    if (found != launch.environment.end()) *directory = found->second;
  };
  tampering.exit = [directory](int status, Wire&) {
    std::error_code ec;
    if (status == 4 && !directory->empty()) {
      for (const auto& entry : std::filesystem::directory_iterator(*directory, ec))
        std::filesystem::remove_all(entry, ec);
    }
    return status;
  };
  return When(IsOneShot, tampering);
}

// Stdout is watched, and the run shut down when its reader goes.
Tampering ReaderGoneShutsDown() {
  const auto stdout_fd = std::make_shared<int>(-1);
  Tampering tampering;
  tampering.launch = [stdout_fd](Launch& launch) {
    launch.environment.insert_or_assign("ZENE_CANCEL_GRACE_MS", std::string("0"));
    *stdout_fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
  };
  const auto ended = std::make_shared<bool>(false);
  tampering.request = [stdout_fd, ended](const std::string& line, Wire& wire) {
    PassToHost(line, wire);
    const auto look = std::make_shared<std::function<void()>>();
    *look = [stdout_fd, ended, look, &wire] {
      pollfd polled{*stdout_fd, 0, 0};
      const bool gone = ::poll(&polled, 1, 0) == 1 && (polled.revents & POLLERR) != 0;
      if (gone) return wire.KillHost(SIGTERM);
      if (!*ended) wire.After(10, *look);
    };
    (*look)();
  };
  tampering.exit = [ended](int status, Wire&) {
    *ended = true;
    return status;
  };
  return When(IsOneShot, tampering);
}

}  // namespace

std::vector<Defect> BridgeDefects() {
  return {
      {"refusals-are-not-flat",
       "BRIDGE-01",
       Subtlety::kSubtle,
       "A refusal comes in the stream's shape.",
       [] { return Responses(Failed("INVALID_REQUEST"), Unflatten); },
       {"bridge/one-line-for-every-input/words*"}},
      {"unknown-session-is-null",
       "BRIDGE-01",
       Subtlety::kSubtle,
       "session_id is null when it is unknown.",
       [] { return Responses(Is("session_id", ""), Set("session_id", nullptr)); },
       {"bridge/one-line-for-every-input/words*"}},
      {"flat-failure-without-usage",
       "BRIDGE-01",
       Subtlety::kSubtle,
       "A failed run has no usage.",
       [] { return Responses(Failed(), Remove("usage")); },
       {"bridge/failures/internal*"}},
      {"flat-line-has-a-type",
       "BRIDGE-01",
       Subtlety::kBlatant,
       "The flat line has a type.",
       [] { return Responses(Has("ok"), Set("type", "final")); },
       {"bridge/shape-of-ok*"}},
      {"fallback-sentence-beside-the-error",
       "BRIDGE-02",
       Subtlety::kSubtle,
       "A failed run carries the fallback sentence in text, as in a stream.",
       [] { return Responses(Failed("PROVIDER_DOWN"), Set("text", "Please try again later.")); },
       {"bridge/failures/provider-down*"}},
      {"empty-strings-for-no-error",
       "BRIDGE-02",
       Subtlety::kBlatant,
       "On success the error fields are empty strings.",
       [] {
         return Responses(Of("final", "OK"), [](Object& line) {
           if (line.contains("ok")) line["error_code"] = line["error_message"] = "";
         });
       },
       {"bridge/shape-of-ok*"}},
      {"canceled-is-a-code",
       "BRIDGE-02",
       Subtlety::kSubtle,
       "A run that a shutdown ended has error_code CANCELED.",
       [] { return Responses(Failed("INTERNAL"), Set("error_code", "CANCELED")); },
       {"bridge/terminated-run-is-internal*"}},
      {"replay-is-not-flat",
       "BRIDGE-03",
       Subtlety::kSubtle,
       "A replay is the stored final, in the stream's shape.",
       [] { return Responses(And(Has("replayed"), Has("ok")), Unflatten); },
       {"bridge/replay*"},
       true,
       {"BRIDGE-01"}},
      {"replay-without-error-fields",
       "BRIDGE-03",
       Subtlety::kSubtle,
       "A replay leaves the error fields out.",
       [] {
         return Responses(And(Has("replayed"), Has("ok")), [](Object& line) {
           line.erase("error_code");
           line.erase("error_message");
         });
       },
       {"bridge/replay*"},
       true,
       {"BRIDGE-01"}},
      {"exit-1-on-a-business-error",
       "BRIDGE-04",
       Subtlety::kBlatant,
       "A run that failed exits with 1.",
       [] { return ExitsWith1(Failed()); },
       {"bridge/failures/internal*"}},
      {"exit-1-on-a-timeout",
       "BRIDGE-04",
       Subtlety::kSubtle,
       "A run that ran out of time exits with 1.",
       [] { return ExitsWith1(Failed("TIMEOUT")); },
       {"bridge/failures/timeout*"}},
      {"exits-3-s-late",
       "BRIDGE-05",
       Subtlety::kBlatant,
       "The process lingers for 3 s after its line, for its connection pool.",
       [] { return ExitsLate(3000, IsOneShot); },
       {"bridge/exit-follows-the-line*"},
       false},
      {"descendant-holds-the-pipe",
       "BRIDGE-05",
       Subtlety::kBlatant,
       "A helper process outlives its host for 1.5 s and keeps stdout open.",
       DescendantHoldsThePipe,
       {"bridge/pipes-end-with-the-host*"},
       false,
       {"LIFE-08"}},
      {"fails-before-it-reads",
       "BRIDGE-05",
       Subtlety::kSubtle,
       "A host with a bad configuration answers under \"unknown\", without reading its line.",
       FailsBeforeItReads,
       {"bridge/line-is-read-before-failing*"},
       true,
       {"EXIT-03"}},
      {"unread-answer-is-forgotten",
       "BRIDGE-06",
       Subtlety::kSubtle,
       "The answer is stored only when it has been written.",
       UnreadAnswerIsForgotten,
       {"bridge/reader-gone-away*"}},
      {"reader-gone-shuts-down",
       "BRIDGE-06",
       Subtlety::kBlatant,
       "A one-shot whose reader has gone cancels its run.",
       ReaderGoneShutsDown,
       {"bridge/reader-gone-away*"}},
      {"says-timed-out-for-a-silent-provider",
       "BRIDGE-07",
       Subtlety::kSubtle,
       "A provider that is silent for too long is PROVIDER_DOWN: \"provider timed out\".",
       [] {
         return Responses(Failed("PROVIDER_DOWN"), Set("error_message", "provider timed out"));
       },
       {"bridge/words-that-the-bridge-matches/*"}},
      {"quotes-the-provider",
       "BRIDGE-07",
       Subtlety::kSubtle,
       "error_message quotes what the provider says of a rejected request.",
       [] {
         return Responses(Failed("INTERNAL"), Set("error_message", "provider: placeholder text"));
       },
       {"bridge/words-that-the-bridge-matches/rejected*"}},
  };
}

}  // namespace touchstone::defective
