// The stream of requests of a soak: deterministic from its seed, each with the outcomes that the
// contract allows. Pure: it says what to send and when, and forgets it; whoever sends keeps what is
// under way.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "soak/workload/mix.h"

namespace touchstone::soak {

// How the host under load is run: a stream of requests, a process a request, or that in the flat
// shape of the bridge.
enum class WorkMode { kStream, kOneShot, kBridge };

// When a line of a piece of work is sent.
enum class SendWhen {
  kAtOnce,         // the first at its intended start, others right behind the one before
  kAfterAccepted,  // when the first line's run was accepted (S), or answered, if that comes first
  kAfterAnswer,    // when the line before was answered for good
};

// What a line asks for.
enum class LineRole { kRun, kReplay, kCancel, kClose, kPing, kInvalid };

// One request, and what may come of it. An outcome is, in this order: "OK replayed" for a replay,
// the error code if there is one ("TIMEOUT", "BUSY", …), else the status ("OK", "CANCELED", "PONG",
// "CANCEL_ACCEPTED", "SESSION_CLOSED", "DUPLICATE_IN_PROGRESS"); in mode B "OK" or "OK replayed" or
// the code.
struct WorkLine {
  SendWhen when = SendWhen::kAtOnce;
  LineRole role = LineRole::kRun;
  std::string request_id;
  bool may_be_unknown = false;     // its answer may come under "unknown" (RESP-08)
  std::string bytes;               // without LF
  std::vector<std::string> right;  // while all is well
  std::string text;                // of the answer, if it is OK; empty: any
  std::string requirement;         // that another outcome fails
  std::string session_id, key;     // of a run
};

struct Work {
  RequestKind kind = RequestKind::kOk;
  std::vector<WorkLine> lines;
};

// For kTools: what the host under test calls its tool for commands.
struct CommandTool {
  std::string name = "run_command", argument = "command";
};

// How the provider must answer this mix, in the language of docs/provider-rules.md: each rule is
// chosen by a word in the prompt. Outages are not among them.
boost::json::array ProviderRules(const Mix& mix, const CommandTool& tool);
// Instead of them, during an outage.
boost::json::array OutageRules();

class WorkSource {
 public:
  struct Options {
    WorkMode mode = WorkMode::kStream;
    bool tools = false;  // the host claims the capability; without it kTools becomes kOk
    std::uint64_t seed = 1;
    // Keeps ids, keys and sessions apart: of several sources, and of a soak's segments (a killed
    // judge has sent more than its checkpoint knows).
    std::string prefix;
    std::int64_t position = 0;  // pieces of work given out before, of a resumed soak
  };
  WorkSource(const Mix& mix, Options options);

  // `now_s`: soaked time; a replay repeats nothing older than kReplayAge. Kinds that a mode has not
  // got (cancel in one-shots) become kOk.
  Work Next(double now_s);
  std::int64_t position() const { return count_; }

  // Tells that a line was answered "OK": a run may be replayed from now on, others are passed over.
  void Answered(const WorkLine& line, double now_s);

  // The same request once more, under a new id and the same key, as a bridge does after a restart
  // of the host that left it unanswered: it may have been answered, or have to run.
  WorkLine Retry(const WorkLine& line);

  // An invalid request, and a ping after its answer.
  Work Canary();

  static constexpr double kReplayAgeS = 120;  // well below ZENE_IDEMPOTENCY_TTL_SEC

 private:
  struct Done {
    std::string session, key, text;
    double at_s;
  };
  static constexpr std::size_t kMostDone = 64;

  RequestKind Effective(RequestKind kind, double now_s);

  const Mix mix_;
  const Options options_;
  const std::string long_prompt_;
  std::int64_t count_;        // of Next()
  std::int64_t further_ = 0;  // of Retry() and Canary()
  std::deque<Done> done_;     // the latest, at most kMostDone
};

}  // namespace touchstone::soak
