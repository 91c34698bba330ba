// The judge must judge: a host that breaks exactly one rule of the always-on checks is failed, by
// that rule's ID and no other, and the same host without the defect passes the same case.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "conformance/process/warden.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using Ids = std::set<std::string>;

constexpr const char* kHead =
    R"({"case":"case","requirements":["CTRL-01"],"modes":["S","O","B"],"about":"A test."})"
    "\n";

std::string SendRun(const std::string& id, const std::string& prompt, bool stream = false) {
  return R"({"send":{"protocol_version":1,"type":"run","session_id":"s","idempotency_key":"k-)" +
         id + R"(","request_id":")" + id + R"(","prompt":")" + prompt + R"(","stream":)" +
         (stream ? "true" : "false") + "}}\n";
}

std::string SendOther(const std::string& type, const std::string& id,
                      const std::string& more = "") {
  return R"({"send":{"protocol_version":1,"type":")" + type + R"(","request_id":")" + id +
         R"(","session_id":"s")" + more + "}}\n";
}

std::string Lines(int count) {
  std::string steps;
  for (int i = 0; i < count; ++i) steps += "{\"expect\":{}}\n";
  return steps;
}

// Every kind of line that a stream has; any object will do as an answer.
std::string StreamRequests() {
  return SendOther("ping", "p") + SendRun("events", "events", true) + SendRun("plain", "hello") +
         SendRun("dup", "duplicate") + SendRun("busy", "busy") + SendRun("hang", "hang") +
         SendOther("cancel", "c", R"(,"target_request_id":"hang")") +
         SendRun("timeout", "timeout") + SendRun("error", "error") + SendRun("replay", "replay") +
         SendOther("session_close", "close") + "{\"send_raw\":\"nonsense\\n\"}\n";
}
constexpr int kStreamLines = 1 + 4 + 2 + 1 + 1 + 3 + 2 + 2 + 1 + 1 + 1;

enum class Sort {
  kAll,        // a stream of every kind of line
  kPing,       // one request; the way in which its line is written is what is wrong
  kRun,        // one run
  kErrorRun,   // one run that fails
  kRefused,    // one line that is no request
  kUnheard,    // as kPing, but no step awaits the line
  kForgotten,  // one run whose lines no step awaits: for what is owed or wrong at the end
};

std::string StepsOf(Sort sort, Mode mode) {
  const int of_run = mode == Mode::kStream ? 2 : 1;
  switch (sort) {
    case Sort::kAll:
      return StreamRequests() + Lines(kStreamLines);
    case Sort::kPing:
      return SendOther("ping", "p") + Lines(1);
    case Sort::kRun:
      return SendRun("r", "hello") + Lines(of_run);
    case Sort::kErrorRun:
      return SendRun("r", "error") + Lines(of_run);
    case Sort::kRefused:
      return "{\"send_raw\":\"nonsense\\n\"}\n" + Lines(1);
    case Sort::kUnheard:
      return SendOther("ping", "p");
    case Sort::kForgotten:
      return SendRun("r", "hello");
  }
  return {};
}

// CTRL-01 is what the case is about: it is blamed for a step that failed and for a line too many.
Ids AlwaysOnBlame(const PlayResult& result) {
  Ids ids = Blamed(result);
  ids.erase("CTRL-01");
  return ids;
}

PlayResult PlayAt(const std::string& defect, Sort sort, Mode mode, bool hurried = false) {
  Bench bench(MiniHostCommand(defect));
  if (hurried) bench.Hurry();
  return bench.Play(kHead + StepsOf(sort, mode), mode);
}

struct Row {
  const char* defect;
  Mode mode;
  Sort sort;
  const char* blamed;  // the one ID
};

void ExpectBlamed(const Row& row) {
  const auto result = PlayAt(row.defect, row.sort, row.mode);
  EXPECT_EQ(AlwaysOnBlame(result), Ids{row.blamed})
      << row.defect << " in mode " << ToString(row.mode) << "\n"
      << Describe(result);
  EXPECT_EQ(result.harness_bug, "") << row.defect;
}

TEST(GoodHost, PassesEveryCase) {
  for (Sort sort : {Sort::kAll, Sort::kPing, Sort::kRun, Sort::kErrorRun, Sort::kRefused}) {
    for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge}) {
      if (sort == Sort::kAll && mode != Mode::kStream) continue;
      const auto result = PlayAt("", sort, mode);
      EXPECT_EQ(Blamed(result), Ids{}) << Describe(result);
      EXPECT_EQ(result.harness_bug, "");
    }
  }
}

TEST(GoodHost, OwesNothingWhenNobodyListens) {
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge}) {
    const auto result = PlayAt("", Sort::kForgotten, mode);
    EXPECT_EQ(Blamed(result), Ids{"CTRL-01"}) << Describe(result);  // the lines nobody consumed
  }
}

// A line that is no JSON object is no answer: what it should have answered stays open.
TEST(Defects, EverySentenceOfFraming) {
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge}) {
    for (const char* defect : {"log-line", "bom", "blank-line", "cr", "not-utf8", "surrogate",
                               "not-json", "array", "ansi", "two-in-a-line", "duplicate-key"}) {
      auto ids = AlwaysOnBlame(PlayAt(defect, Sort::kUnheard, mode));
      for (const char* open : {"LIFE-01", "LIFE-04", "BRIDGE-01"}) ids.erase(open);
      EXPECT_EQ(ids, Ids{"FRAME-01"}) << defect << " in mode " << ToString(mode);
    }
    const auto cut = PlayAt("cut", Sort::kPing, mode);
    EXPECT_EQ(Blamed(cut), Ids{"FRAME-01"}) << Describe(cut);
  }
}

TEST(Defects, CommonFields) {
  const Mode S = Mode::kStream;
  for (const Row& row : std::vector<Row>{
           {"any:drop:protocol_version", S, Sort::kAll, "RESP-01"},
           {"any:set:protocol_version=2", S, Sort::kAll, "RESP-01"},
           {"any:set:protocol_version=\"1\"", S, Sort::kAll, "RESP-01"},
           {"any:set:protocol_version=1.0", S, Sort::kAll, "RESP-01"},
           {"any:set:protocol_version=18446744073709551615", S, Sort::kAll, "RESP-01"},
           {"any:drop:session_id", S, Sort::kAll, "RESP-01"},
           {"any:set:session_id=5", S, Sort::kAll, "RESP-01"},
           {"any:drop:ts_ms", S, Sort::kAll, "RESP-01"},
           {"any:set:ts_ms=\"now\"", S, Sort::kAll, "RESP-01"},
           {"any:set:ts_ms=1.5", S, Sort::kAll, "RESP-01"},
           {"any:set:ts_ms=null", S, Sort::kAll, "RESP-01"},
           {"any:drop:type", Mode::kOneShot, Sort::kRun, "RESP-01"},
           {"any:set:type=\"answer\"", Mode::kOneShot, Sort::kRun, "RESP-01"},
           {"any:set:type=7", Mode::kOneShot, Sort::kRun, "RESP-01"},
           {"any:drop:request_id", Mode::kOneShot, Sort::kRun, "RESP-01"},
           {"any:set:request_id=null", Mode::kOneShot, Sort::kPing, "RESP-01"},
           {"any:drop:ts_ms", Mode::kOneShot, Sort::kRefused, "RESP-01"},
       })
    ExpectBlamed(row);
}

// A line that cannot be told from any other leaves its request unanswered, too.
TEST(Defects, ALineWithoutNameOrTypeAnswersNothing) {
  for (const char* defect : {"any:drop:request_id", "any:drop:type", "any:set:type=\"answer\""}) {
    const auto result = PlayAt(defect, Sort::kPing, Mode::kStream);
    EXPECT_EQ(AlwaysOnBlame(result), (Ids{"RESP-01", "LIFE-01"})) << Describe(result);
  }
}

TEST(Defects, FieldsOfEachType) {
  const Mode S = Mode::kStream;
  for (const char* defect : {"ack.ACCEPTED:drop:request_ts_ms",
                             "ack.ACCEPTED:set:request_ts_ms=\"x\"",
                             "ack.CANCEL_ACCEPTED:drop:target_request_id",
                             "ack.CANCEL_ACCEPTED:set:target_request_id=5",
                             "ack.DUPLICATE_IN_PROGRESS:drop:existing_request_id",
                             "ack.DUPLICATE_IN_PROGRESS:set:existing_request_id=null",
                             "event:drop:event_type",
                             "event:set:event_type=1",
                             "event:drop:seq",
                             "event:set:seq=\"1\"",
                             "event:drop:payload",
                             "event:set:payload=[]",
                             "event:set:payload.metadata=[]",
                             "event:set:payload.arguments=\"{}\"",
                             "final:drop:status",
                             "final:set:status=\"DONE\"",
                             "final.CANCELED:drop:text",
                             "final:drop:usage",
                             "final:set:usage=[]",
                             "final:drop:error",
                             "final:drop:latency_ms",
                             "final:set:latency_ms=\"1\"",
                             "final:set:latency_ms=-1",
                             "final.ERROR:set:replayed=\"yes\"",
                             "error:set:error=\"busy\"",
                             "error:drop:error.http_status",
                             "error:set:error.http_status=200",
                             "error:set:error.http_status=18446744073709551615",
                             "error:drop:error"}) {
    ExpectBlamed({defect, S, Sort::kAll, "RESP-02"});
  }
  ExpectBlamed({"final:drop:usage", Mode::kOneShot, Sort::kRun, "RESP-02"});
  ExpectBlamed({"ack:drop:status", Mode::kOneShot, Sort::kPing, "RESP-02"});
  ExpectBlamed({"error:drop:error", Mode::kOneShot, Sort::kRefused, "RESP-02"});
}

TEST(Defects, ErrorsAndUsage) {
  const Mode S = Mode::kStream;
  for (const Row& row : std::vector<Row>{
           {"error:set:error.code=\"OOPS\"", S, Sort::kAll, "RESP-03"},
           {"error:drop:error.code", S, Sort::kAll, "RESP-03"},
           {"error:set:error.code=5", S, Sort::kAll, "RESP-03"},
           {"error:set:error.message=\"\"", S, Sort::kAll, "RESP-03"},
           {"error:drop:error.message", S, Sort::kAll, "RESP-03"},
           {"error:drop:error.retryable", S, Sort::kAll, "RESP-03"},
           {"error:set:error.retryable=\"no\"", S, Sort::kAll, "RESP-03"},
           {"final.ERROR:set:error.retryable=false", S, Sort::kAll, "RESP-03"},
           {"final.ERROR:set:error.message=\"\"", Mode::kOneShot, Sort::kErrorRun, "RESP-03"},
           {"error:set:error.retryable=true", Mode::kOneShot, Sort::kRefused, "RESP-03"},
           {"final.ERROR:set:error=null", S, Sort::kAll, "RESP-04"},
           {"final.ERROR:set:error.code=\"TIMEOUT\"", S, Sort::kAll, "RESP-04"},
           {"final.TIMEOUT:set:error=null", S, Sort::kAll, "RESP-04"},
           {"final.TIMEOUT:set:error.code=\"INTERNAL\"", S, Sort::kAll, "RESP-04"},
           {"final.CANCELED:set:error={\"code\":\"INTERNAL\",\"message\":\"m\",\"retryable\":true}",
            S, Sort::kAll, "RESP-04"},
           {"final.OK:set:error={\"code\":\"INTERNAL\",\"message\":\"m\",\"retryable\":true}", S,
            Sort::kAll, "RESP-04"},
           {"final.ERROR:set:error=null", Mode::kOneShot, Sort::kErrorRun, "RESP-04"},
           {"final.OK:set:usage.total_tokens=11", S, Sort::kAll, "RESP-05"},
           {"final.OK:set:usage.total_tokens=18446744073709551615", S, Sort::kAll, "RESP-05"},
           {"final.OK:set:usage={\"prompt_tokens\":18446744073709551615,\"completion_tokens\":5,"
            "\"total_tokens\":4}",
            S, Sort::kAll, "RESP-05"},
           {"final.OK:set:usage.prompt_tokens=-7", S, Sort::kAll, "RESP-05"},
           {"final.OK:set:usage.completion_tokens=3.0", S, Sort::kAll, "RESP-05"},
           {"final.OK:drop:usage.total_tokens", S, Sort::kAll, "RESP-05"},
           {"final.OK:drop:usage.prompt_tokens", Mode::kOneShot, Sort::kRun, "RESP-05"},
           {"flat:set:usage.total_tokens=11", Mode::kBridge, Sort::kRun, "RESP-05"},
           {"flat:drop:usage.completion_tokens", Mode::kBridge, Sort::kPing, "RESP-05"},
           {"final.OK:set:text=\" \"", S, Sort::kAll, "RESP-06"},
           {"final.OK:set:text=\"\"", Mode::kOneShot, Sort::kRun, "RESP-06"},
           {"final.OK:set:usage={\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}",
            S, Sort::kAll, "RESP-06"},
       })
    ExpectBlamed(row);
}

TEST(Defects, TheFlatShape) {
  const Mode B = Mode::kBridge;
  for (const char* defect :
       {"flat:drop:ok", "flat:set:ok=\"true\"", "flat:drop:request_id", "flat:drop:session_id",
        "flat:set:session_id=null", "flat:drop:text", "flat:set:text=null", "flat:drop:error_code",
        "flat:set:error_code=5", "flat:drop:error_message", "flat:set:error_message=[]",
        "flat:drop:usage", "flat:set:usage=7", "flat:set:type=\"final\"", "flat:set:replayed=false",
        "flat:set:replayed=\"yes\"", "two-lines"}) {
    ExpectBlamed({defect, B, Sort::kRun, "BRIDGE-01"});
  }
  ExpectBlamed({"flat:set:error_code=\"INTERNAL\"", B, Sort::kRun, "BRIDGE-02"});
  ExpectBlamed({"flat:set:error_message=\"odd\"", B, Sort::kRun, "BRIDGE-02"});
  ExpectBlamed({"flat:set:ok=true", B, Sort::kErrorRun, "BRIDGE-02"});
  for (const char* defect : {"flat:set:ok=false", "flat:set:text=\"half\"",
                             "flat:set:error_code=null", "flat:set:error_code=\"OOPS\"",
                             "flat:set:error_message=null", "flat:set:error_message=\"\""}) {
    ExpectBlamed({defect, B,
                  defect == std::string("flat:set:ok=false") ? Sort::kRun : Sort::kErrorRun,
                  "BRIDGE-02"});
  }
  ExpectBlamed({"no-line", B, Sort::kForgotten, "BRIDGE-01"});
  ExpectBlamed({"dies-after-line", B, Sort::kRun, "BRIDGE-01"});
}

TEST(Defects, LifeOfARun) {
  const Mode S = Mode::kStream, O = Mode::kOneShot;
  for (const Row& row : std::vector<Row>{
           {"second-terminal", S, Sort::kRun, "LIFE-01"},
           {"no-terminal", S, Sort::kForgotten, "LIFE-01"},
           {"silent", S, Sort::kForgotten, "LIFE-01"},
           {"answers-nothing", S, Sort::kPing, "LIFE-01"},
           {"final-before-ack", S, Sort::kRun, "LIFE-02"},
           {"no-ack", S, Sort::kForgotten, "LIFE-02"},
           {"ack-twice", S, Sort::kRun, "LIFE-02"},
           {"error-after-ack", S, Sort::kForgotten, "LIFE-02"},
           {"events-unasked", S, Sort::kRun, "LIFE-03"},
           {"two-lines", O, Sort::kRun, "LIFE-04"},
           {"ack-in-one-shot", O, Sort::kRun, "LIFE-04"},
           {"event-in-one-shot", O, Sort::kRun, "LIFE-04"},
           {"no-line", O, Sort::kForgotten, "LIFE-04"},
           {"dies-after-line", O, Sort::kRun, "LIFE-04"},
           {"exit-1", S, Sort::kRun, "FRAME-13"},
           {"dies", S, Sort::kRun, "FRAME-13"},
       }) {
    auto ids = AlwaysOnBlame(PlayAt(row.defect, row.sort, row.mode));
    // A run that was accepted and refused, or answered before its ack, ends in no clean way.
    if (row.blamed == std::string("LIFE-02")) ids.erase("LIFE-01");
    EXPECT_EQ(ids, Ids{row.blamed}) << row.defect;
  }
}

TEST(Defects, ABadLineThatIsNeverAnswered) {
  const std::string steps = "{\"send_raw\":\"nonsense\\n\"}\n";
  Bench bad(MiniHostCommand("ignores-garbage"));
  EXPECT_EQ(AlwaysOnBlame(bad.PlaySteps(steps, Mode::kStream)), Ids{"RESP-08"});
  Bench good;
  EXPECT_EQ(AlwaysOnBlame(good.PlaySteps(steps, Mode::kStream)), Ids{});
}

TEST(Defects, EventsOutsideTheirRun) {
  const std::string steps = SendRun("r", "events", true) + Lines(4);
  for (const char* defect : {"event-after-final", "event-before-ack"}) {
    Bench bench(MiniHostCommand(defect));
    EXPECT_EQ(AlwaysOnBlame(bench.PlaySteps(steps, Mode::kStream)), Ids{"LIFE-02"}) << defect;
  }
}

TEST(Defects, AHostThatStays) {
  for (const Row& row : std::vector<Row>{{"stays", Mode::kStream, Sort::kForgotten, "FRAME-13"},
                                         {"stays", Mode::kOneShot, Sort::kForgotten, "LIFE-04"},
                                         {"stays", Mode::kBridge, Sort::kForgotten, "BRIDGE-01"}}) {
    const auto result = PlayAt(row.defect, row.sort, row.mode, true);
    EXPECT_TRUE(Blamed(result).contains(row.blamed)) << Describe(result);
  }
}

TEST(Defects, AGrandchildThatIsLeftBehind) {
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge}) {
    ExpectBlamed({"child-in-group", mode, Sort::kRun, "LIFE-08"});
    ExpectBlamed({"child-in-session", mode, Sort::kRun, "LIFE-08"});
  }
  // This one has a session of its own, an empty environment, and the host's stdout.
  const auto result = PlayAt("child-with-pipes", Sort::kForgotten, Mode::kOneShot, true);
  EXPECT_TRUE(Blamed(result).contains("LIFE-08")) << Describe(result);
  KillDescendants();
}

TEST(Defects, AFloodEnds) {
  for (const char* defect : {"flood", "long-line"}) {
    const auto result = PlayAt(defect, Sort::kPing, Mode::kStream);
    EXPECT_FALSE(AlwaysOnBlame(result).empty()) << defect << Describe(result);
  }
}

}  // namespace
}  // namespace touchstone::testing
