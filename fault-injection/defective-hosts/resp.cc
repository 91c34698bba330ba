#include <boost/json/object.hpp>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

Edit AddTo(std::string path, std::int64_t more) {
  return Change(path, [more](json::value& value) {
    if (value.is_int64()) value = value.get_int64() + more;
  });
}

// An error with the code, in whatever line: at `error.code`, in B at `error_code`.
Which Fails(std::string code) {
  return [code](const Object& line) {
    auto copy = line;
    const auto* found = At(copy, "error.code");
    if (!found) found = At(copy, "error_code");
    return found && found->is_string() && found->get_string() == code;
  };
}

Edit SetCode(std::string code) {
  return [code](Object& line) {
    Set("error.code", json::string(code))(line);
    if (line.contains("error_code")) line["error_code"] = code;
  };
}

Edit SetMessage(std::string message) {
  return [message](Object& line) {
    Set("error.message", json::string(message))(line);
    if (line.contains("error_message")) line["error_message"] = message;
  };
}

Tampering ExistingIdIsTheNewOne() {
  return Responses(Has("existing_request_id"),
                   [](Object& ack) { ack["existing_request_id"] = ack["request_id"]; });
}

Tampering RequestTimeIsReadingTime() {
  return Responses(Of("ack", "ACCEPTED"), [](Object& ack) { ack["request_ts_ms"] = ack["ts_ms"]; });
}

Tampering NoUsageIsZero() {
  return Responses(
      [](const Object& line) {
        auto copy = line;
        const auto* total = At(copy, "usage.total_tokens");
        return Of("final", "OK")(line) && total && total->is_int64() && total->get_int64() != 10;
      },
      Set("usage", Object{{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}}));
}

Tampering OnlyTheFirstCallIsCounted() {
  return Responses(Of("final", "OK"), [](Object& line) {
    auto* prompt = At(line, "usage.prompt_tokens");
    if (!prompt || !prompt->is_int64() || prompt->get_int64() <= 30) return;
    AddTo("usage.prompt_tokens", -30)(line);
    AddTo("usage.total_tokens", -30)(line);
  });
}

Tampering TrimsTheAnswer() {
  return Responses(Of("final", "OK"), Change("text", [](json::value& value) {
                     if (!value.is_string()) return;
                     std::string text(value.get_string());
                     text.erase(text.find_last_not_of(" \t\r\n") + 1);
                     value = text;
                   }));
}

// A replay answers with the stored final, its latency too.
Tampering LatencyOfTheFirstRun() {
  const auto stored = std::make_shared<std::map<std::string, json::value>>();
  return Responses(Of("final", "OK"), [stored](Object& line) {
    const auto of = Text(line, "session_id") + "\n" + Text(line, "text");
    if (line.contains("replayed")) line["latency_ms"] = (*stored)[of];
    (*stored)[of] = line["latency_ms"];
  });
}

// Each session's runs one after another: the time that the last one ended is when the next began.
Tampering LatencyWithoutTheQueue() {
  const auto ended = std::make_shared<std::map<std::string, Clock::time_point>>();
  return Responses(Of("final"), [ended](Object& line) {
    auto& last = (*ended)[Text(line, "session_id")];
    const auto now = Clock::now();
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - last).count();
    auto& latency = line["latency_ms"];
    if (last != Clock::time_point() && latency.is_int64())
      latency = std::min<std::int64_t>(latency.get_int64(), since);
    last = now;
  });
}

Tampering ScaledLatency(int percent) {
  return Responses(Of("final"), Change("latency_ms", [percent](json::value& value) {
                     if (value.is_int64()) value = value.get_int64() * percent / 100;
                   }));
}

// Searched for as text, before the line is parsed.
Tampering TakesTheFirstId() {
  const auto id = std::make_shared<std::string>();
  Tampering tampering = Responses(Any(), [id](Object& line) {
    if (!id->empty()) line["request_id"] = boost::json::string(*id);
  });
  tampering.request = [id](const std::string& line, Wire& wire) {
    constexpr std::string_view kKey = "\"request_id\":\"";
    if (const auto at = line.find(kKey); at != line.npos) {
      const auto begin = at + kKey.size();
      *id = line.substr(begin, line.find('"', begin) - begin);
    }
    PassToHost(line, wire);
  };
  return tampering;
}

std::vector<Defect> ShapeDefects() {
  return {
      {"ts-ms-in-seconds",
       "RESP-01",
       Subtlety::kSubtle,
       "ts_ms counts seconds.",
       [] {
         return Responses(Has("ts_ms"), Change("ts_ms", [](json::value& value) {
                            if (value.is_int64()) value = value.get_int64() / 1000;
                          }));
       },
       {"resp/shape-of-ok*"}},
      {"no-session-no-field",
       "RESP-01",
       Subtlety::kSubtle,
       "session_id is left out when it is unknown.",
       [] { return Responses(Not(Has("session_id")), Remove("session_id")); },
       {"resp/shape-of-refusal*"}},
      {"pong-without-its-session",
       "RESP-01",
       Subtlety::kRare,
       "A PONG has session_id null, though the ping named one.",
       [] { return Responses(Of("ack", "PONG"), Set("session_id", nullptr)); },
       {"resp/shapes-of-acks*"}},
      {"refusals-have-no-version",
       "RESP-01",
       Subtlety::kSubtle,
       "An error line has no protocol_version.",
       [] { return Responses(Of("error"), Remove("protocol_version")); },
       {"resp/shape-of-refusal*"}},
      {"ts-ms-as-text",
       "RESP-01",
       Subtlety::kBlatant,
       "ts_ms is a string.",
       [] { return Responses(Has("ts_ms"), Set("ts_ms", "1700000000000")); },
       {"req/ts-ms-of-a-ping*"}},
      {"request-time-is-the-hosts",
       "RESP-02",
       Subtlety::kSubtle,
       "request_ts_ms is the time of reading, though the request had a ts_ms.",
       RequestTimeIsReadingTime,
       {"resp/shapes-of-acks*"}},
      {"existing-id-is-the-new-one",
       "RESP-02",
       Subtlety::kSubtle,
       "DUPLICATE_IN_PROGRESS names the duplicate itself.",
       ExistingIdIsTheNewOne,
       {"resp/shapes-of-acks*"},
       true,
       {"IDEM-04"}},
      {"busy-without-http-status",
       "RESP-02",
       Subtlety::kSubtle,
       "BUSY carries no http_status.",
       [] { return Responses(Fails("BUSY"), Remove("error.http_status")); },
       {"resp/busy*"}},
      {"replayed-false",
       "RESP-02",
       Subtlety::kSubtle,
       "Each final has `replayed`, false when it is none.",
       [] { return Responses(And(Of("final"), Not(Has("replayed"))), Set("replayed", false)); },
       {"resp/shape-of-ok*"}},
      {"failed-run-without-usage",
       "RESP-02",
       Subtlety::kSubtle,
       "The final of a failed run has no usage.",
       [] { return Responses(Of("final", "ERROR"), Remove("usage")); },
       {"resp/codes/internal*"}},
      {"cancel-names-no-target",
       "RESP-02",
       Subtlety::kBlatant,
       "CANCEL_ACCEPTED has no target_request_id.",
       [] { return Responses(Of("ack", "CANCEL_ACCEPTED"), Remove("target_request_id")); },
       {"resp/shapes-of-acks*"}},
      {"auth-is-retryable",
       "RESP-03",
       Subtlety::kSubtle,
       "PROVIDER_AUTH may be retried.",
       [] { return Responses(Fails("PROVIDER_AUTH"), Set("error.retryable", true)); },
       {"resp/codes/provider-auth*"}},
      {"internal-is-not-retryable",
       "RESP-03",
       Subtlety::kSubtle,
       "INTERNAL may not be retried.",
       [] { return Responses(Fails("INTERNAL"), Set("error.retryable", false)); },
       {"resp/codes/internal*"}},
      {"a-code-of-its-own",
       "RESP-03",
       Subtlety::kSubtle,
       "A rate limit is reported as RATE_LIMITED.",
       [] { return Responses(Fails("PROVIDER_RATE_LIMIT"), SetCode("RATE_LIMITED")); },
       {"resp/codes/provider-rate-limit*"}},
      {"empty-message",
       "RESP-03",
       Subtlety::kSubtle,
       "A timeout has an empty message.",
       [] { return Responses(Fails("TIMEOUT"), SetMessage("")); },
       {"resp/codes/timeout*"}},
      {"ok-with-an-empty-error",
       "RESP-04",
       Subtlety::kBlatant,
       "An OK final has error {}.",
       [] { return Responses(Of("final", "OK"), Set("error", Object())); },
       {"req/all-optional-fields-null*"},
       true,
       {"RESP-03"}},
      {"timeout-is-an-error",
       "RESP-04",
       Subtlety::kSubtle,
       "A timeout ends with status ERROR and code TIMEOUT.",
       [] { return Responses(Of("final", "TIMEOUT"), Set("status", "ERROR")); },
       {"resp/codes/timeout*"}},
      {"canceled-carries-an-error",
       "RESP-04",
       Subtlety::kSubtle,
       "CANCELED comes with an INTERNAL error object.",
       [] {
         return Responses(Of("final", "CANCELED"), Set("error", Object{{"code", "INTERNAL"},
                                                                       {"message", "canceled"},
                                                                       {"retryable", true}}));
       },
       {"resp/shapes-of-acks*", "req/target-ids-are-echoed/quotes*"}},
  };
}

std::vector<Defect> ContentDefects() {
  return {
      {"tokens-off-by-one",
       "RESP-05",
       Subtlety::kBlatant,
       "total_tokens is one more than the sum of the other two.",
       [] { return Responses(Of("final", "OK"), AddTo("usage.total_tokens", 1)); },
       {"req/all-optional-fields-null*"}},
      {"total-is-the-providers",
       "RESP-05",
       Subtlety::kSubtle,
       "total_tokens is what the provider says, though it does not add up.",
       [] {
         return Responses(Of("final", "OK"), [](Object& line) {
           if (auto* prompt = At(line, "usage.prompt_tokens"); prompt && *prompt == 9)
             Set("usage.total_tokens", 99)(line);
         });
       },
       {"resp/usage-adds-up/wrong-total*"}},
      {"negative-tokens",
       "RESP-05",
       Subtlety::kRare,
       "A failed run has -1 tokens.",
       [] { return Responses(Of("final", "ERROR"), Set("usage.prompt_tokens", -1)); },
       {"resp/codes/internal*"}},
      {"answer-is-trimmed",
       "RESP-06",
       Subtlety::kSubtle,
       "White space at the end of an answer is lost.",
       TrimsTheAnswer,
       {},
       true,
       {"PROV-17"}},
      {"no-usage-is-zero",
       "RESP-06",
       Subtlety::kSubtle,
       "When the provider counts no tokens the host reports 0.",
       NoUsageIsZero,
       {"resp/usage-missing/absent*"}},
      {"one-calls-tokens",
       "RESP-06",
       Subtlety::kSubtle,
       "With tools, only the first call's tokens are reported.",
       OnlyTheFirstCallIsCounted,
       {"resp/last-answer-and-all-tokens*"}},
      {"latency-of-the-first-run",
       "RESP-07",
       Subtlety::kSubtle,
       "A replay reports the latency of the run that it replays.",
       LatencyOfTheFirstRun,
       {"resp/latency"}},
      {"latency-without-the-queue",
       "RESP-07",
       Subtlety::kSubtle,
       "latency_ms leaves the time in the queue out.",
       LatencyWithoutTheQueue,
       {"resp/latency-counts-the-queue*"}},
      {"latency-in-seconds",
       "RESP-07",
       Subtlety::kBlatant,
       "latency_ms counts seconds.",
       [] { return ScaledLatency(0); },
       {"resp/latency"}},
      {"latency-a-fifth-too-long",
       "RESP-07",
       Subtlety::kSubtle,
       "latency_ms is a fifth more than the caller waited.",
       [] { return ScaledLatency(120); },
       {"resp/latency-as-the-caller-measures*"},
       false},
      {"failed-run-takes-no-time",
       "RESP-07",
       Subtlety::kSubtle,
       "latency_ms of a run that failed is 0.",
       [] { return Responses(Of("final", "ERROR"), Set("latency_ms", 0)); },
       {"resp/latency-of-failures/rejected*"}},
      {"canceled-run-takes-no-time",
       "RESP-07",
       Subtlety::kSubtle,
       "latency_ms of a canceled run is 0.",
       [] { return Responses(Of("final", "CANCELED"), Set("latency_ms", 0)); },
       {"resp/latency-of-a-canceled-run*"}},
      {"timeout-takes-no-time",
       "RESP-07",
       Subtlety::kSubtle,
       "latency_ms of a run that ran out of time is 0.",
       [] { return Responses(Of("final", "TIMEOUT"), Set("latency_ms", 0)); },
       {"resp/latency-of-failures/timeout*"}},
      {"bad-fields-are-unknown",
       "RESP-08",
       Subtlety::kSubtle,
       "A one-shot answers a run that it refuses for a field under \"unknown\".",
       [] { return When(IsOneShot, Responses(Of("error"), Set("request_id", "unknown"))); },
       {"resp/readable-id-is-used/bad-version*"}},
      {"no-id-is-an-empty-id",
       "RESP-08",
       Subtlety::kBlatant,
       "A line without an id is answered under \"\".",
       [] { return Responses(Is("request_id", "unknown"), Set("request_id", "")); },
       {"frame/eof-before-a-line*"}},
      {"id-is-the-first-in-the-line",
       "RESP-08",
       Subtlety::kRare,
       "A one-shot answers under the first request_id in the line, however deep.",
       [] { return When(IsOneShot, TakesTheFirstId()); },
       {"resp/nested-id-is-not-the-id*"}},
      {"no-fallback-sentence",
       "RESP-09",
       Subtlety::kBlatant,
       "A run that the provider failed has an empty text.",
       [] { return Responses(Of("final", "ERROR"), Set("text", "")); },
       {"resp/fallback-sentence/down*"}},
      {"timeout-without-a-sentence",
       "RESP-09",
       Subtlety::kSubtle,
       "A run that ran out of time has an empty text.",
       [] { return Responses(Of("final", "TIMEOUT"), Set("text", "")); },
       {"resp/fallback-sentence/timeout*"}},
  };
}

}  // namespace

std::vector<Defect> RespDefects() {
  auto all = ShapeDefects();
  auto rows = ContentDefects();
  std::move(rows.begin(), rows.end(), std::back_inserter(all));
  return all;
}

}  // namespace touchstone::defective
