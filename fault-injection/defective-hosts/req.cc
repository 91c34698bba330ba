#include <boost/json/value.hpp>
#include <iterator>
#include <set>
#include <string>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/req.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

namespace json = boost::json;

bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

Which Run() { return Is("type", "run"); }

// The type is any but the one.
Which IsNumber(std::string key) {
  return [key](const Object& object) {
    const auto* value = object.if_contains(key);
    return value && value->is_number();
  };
}

Which IsOther(std::string key, bool (json::value::*is)() const noexcept) {
  return [key, is](const Object& object) {
    const auto* value = object.if_contains(key);
    return value && !value->is_null() && !(value->*is)();
  };
}

// The request is accepted as if the field had this value.
Tampering Mends(Which which, std::string key, json::value value) {
  return Requests(which, Set(key, value));
}

// The request is refused for the field.
Tampering Refuses(Which which) { return Requests(which, Set("type", "refused")); }

bool HasUnknown(const Object& object, const std::set<std::string>& known) {
  for (const auto& [key, value] : object) {
    if (!known.contains(std::string(key))) return true;
  }
  return false;
}

Tampering KnowsAllFields() {
  return Refuses([](const Object& request) {
    static const std::set<std::string> kKnown = {"protocol_version",
                                                 "type",
                                                 "request_id",
                                                 "session_id",
                                                 "ts_ms",
                                                 "prompt",
                                                 "timeout_ms",
                                                 "stream",
                                                 "idempotency_key",
                                                 "metadata",
                                                 "channel_id",
                                                 "agent",
                                                 "target_request_id",
                                                 "cancel_request_id"};
    return HasUnknown(request, kKnown);
  });
}

Tampering MetadataIsFlat() {
  return Refuses([](const Object& request) {
    const auto* metadata = request.if_contains("metadata");
    if (!metadata || !metadata->is_object()) return false;
    for (const auto& [key, value] : metadata->get_object()) {
      if (value.is_object()) return true;
    }
    return false;
  });
}

Tampering KeysInAnyCase() {
  return Requests(Has("Prompt"), [](Object& request) { request["prompt"] = request["Prompt"]; });
}

std::vector<Defect> FieldDefects() {
  return {
      {"any-protocol-version",
       "REQ-01",
       Subtlety::kBlatant,
       "protocol_version 2 is accepted.",
       [] { return Mends(Has("protocol_version"), "protocol_version", 1); },
       {"req/protocol-version/two*", "req/protocol-version-of-every-type*"}},
      {"protocol-version-as-text",
       "REQ-01",
       Subtlety::kSubtle,
       "protocol_version \"1\" is accepted.",
       [] { return Mends(Is("protocol_version", "1"), "protocol_version", 1); },
       {"req/protocol-version/string*"}},
      {"version-of-a-ping-is-not-looked-at",
       "REQ-01",
       Subtlety::kSubtle,
       "A ping may have any protocol_version.",
       [] { return Mends(Is("type", "ping"), "protocol_version", 1); },
       {"req/protocol-version-of-every-type/ping*"}},
      {"type-is-run-by-default",
       "REQ-02",
       Subtlety::kSubtle,
       "A request without type is a run.",
       [] { return Mends(Not(Has("type")), "type", "run"); },
       {"req/type/missing*"}},
      {"type-in-any-case",
       "REQ-02",
       Subtlety::kSubtle,
       "The type may be written RUN.",
       [] { return Mends(Is("type", "RUN"), "type", "run"); },
       {"req/type/capitals*"}},
      {"number-as-request-id",
       "REQ-03",
       Subtlety::kSubtle,
       "A one-shot takes a number for a request_id, and answers it as a string.",
       [] { return When(IsOneShot, Mends(IsNumber("request_id"), "request_id", "5")); },
       {"req/request-id/number*"}},
      {"makes-up-a-request-id",
       "REQ-03",
       Subtlety::kBlatant,
       "A one-shot gives a request without request_id one.",
       [] { return When(IsOneShot, Mends(Not(Has("request_id")), "request_id", "req-1")); },
       {"req/request-id/missing*"}},
      {"session-by-default",
       "REQ-04",
       Subtlety::kBlatant,
       "A run without session_id belongs to the session \"default\".",
       [] { return Mends(And(Run(), Not(Has("session_id"))), "session_id", "default"); },
       {"req/session-id/missing*"}},
      {"blank-session-is-a-session",
       "REQ-04",
       Subtlety::kSubtle,
       "A blank session_id is accepted.",
       [] { return Mends(And(Run(), IsBlank("session_id")), "session_id", "blank"); },
       {"req/session-id/tab*"}},
      {"run-without-a-prompt",
       "REQ-05",
       Subtlety::kBlatant,
       "A run without prompt asks the provider for anything.",
       [] { return Mends(And(Run(), Not(Has("prompt"))), "prompt", "?"); },
       {"req/prompt/missing*"}},
      {"blank-prompt-is-sent",
       "REQ-05",
       Subtlety::kSubtle,
       "A prompt of white space alone is sent to the provider.",
       [] { return Mends(And(Run(), IsBlank("prompt")), "prompt", "?"); },
       {"req/prompt/spaces*"}},
      {"number-as-a-prompt",
       "REQ-05",
       Subtlety::kSubtle,
       "A number is taken for a prompt.",
       [] { return Mends(And(Run(), IsNumber("prompt")), "prompt", "5"); },
       {"req/prompt/number*"}},
      {"makes-up-an-idempotency-key",
       "REQ-06",
       Subtlety::kBlatant,
       "A run without idempotency_key runs under one of the host's own.",
       [] { return Mends(And(Run(), Not(Has("idempotency_key"))), "idempotency_key", "own"); },
       {"req/idempotency-key/missing*"}},
      {"blank-key-is-a-key",
       "REQ-06",
       Subtlety::kSubtle,
       "A blank idempotency_key is accepted.",
       [] { return Mends(And(Run(), IsBlank("idempotency_key")), "idempotency_key", "b"); },
       {"req/idempotency-key/space*"}},
      {"timeout-zero-is-none",
       "REQ-07",
       Subtlety::kSubtle,
       "timeout_ms 0 means the default, not a refusal.",
       [] {
         return Requests(
             [](const Object& request) {
               const auto* ms = request.if_contains("timeout_ms");
               return ms && ms->is_int64() && ms->get_int64() == 0;
             },
             Remove("timeout_ms"));
       },
       {"req/optional-fields-of-the-wrong-type/timeout-ms-zero*"}},
      {"fractions-are-rounded",
       "REQ-07",
       Subtlety::kSubtle,
       "timeout_ms 1.5 is accepted and rounded.",
       [] {
         return Requests(And(Run(), IsOther("timeout_ms", &json::value::is_int64)),
                         Change("timeout_ms", [](json::value& value) {
                           if (value.is_double()) value = 30000;
                         }));
       },
       {"req/optional-fields-of-the-wrong-type/timeout-ms-half*"}},
      {"stream-may-be-a-word",
       "REQ-07",
       Subtlety::kSubtle,
       "stream may be \"yes\".",
       [] { return Mends(Is("stream", "yes"), "stream", false); },
       {"req/optional-fields-of-the-wrong-type/stream*"}},
      {"null-is-a-value",
       "REQ-07",
       Subtlety::kSubtle,
       "An optional field that is null is refused as of the wrong type.",
       [] {
         return Refuses([](const Object& request) {
           const auto* metadata = request.if_contains("metadata");
           return metadata && metadata->is_null();
         });
       },
       {"req/optional-fields-in-range/metadata-null*", "req/all-optional-fields-null*"}},
      {"metadata-may-be-a-list",
       "REQ-07",
       Subtlety::kSubtle,
       "metadata [] is accepted.",
       [] { return Requests(IsOther("metadata", &json::value::is_object), Remove("metadata")); },
       {"req/optional-fields-of-the-wrong-type/metadata*"}},
      {"ts-ms-is-not-looked-at",
       "REQ-07",
       Subtlety::kSubtle,
       "ts_ms may be \"now\".",
       [] { return Requests(IsOther("ts_ms", &json::value::is_int64), Remove("ts_ms")); },
       {"req/optional-fields-of-the-wrong-type/ts-ms*"}},
      {"agent-is-not-looked-at",
       "REQ-07",
       Subtlety::kRare,
       "agent and channel_id may be anything.",
       [] {
         return Requests(Run(), [](Object& request) {
           for (const auto* key : {"agent", "channel_id"}) request.erase(key);
         });
       },
       {"req/optional-fields-of-the-wrong-type/agent*",
        "req/optional-fields-of-the-wrong-type/channel-id*"}},
      {"timeout-without-an-upper-bound",
       "REQ-07",
       Subtlety::kSubtle,
       "A timeout_ms of more than a day is cut to a day.",
       [] {
         return Requests(Has("timeout_ms"), Change("timeout_ms", [](json::value& value) {
                           if (value.is_int64() && value.get_int64() > 86400000) value = 86400000;
                         }));
       },
       {"req/optional-fields-of-the-wrong-type/timeout-ms-*"}},
      {"timeout-of-an-hour-at-most",
       "REQ-07",
       Subtlety::kSubtle,
       "A timeout_ms of more than an hour is refused.",
       [] {
         return Refuses([](const Object& request) {
           const auto* ms = request.if_contains("timeout_ms");
           return ms && ms->is_int64() && ms->get_int64() > 3600000;
         });
       },
       {"req/optional-fields-in-range/timeout-ms-largest*"}},
      {"unknown-fields-are-refused",
       "REQ-08",
       Subtlety::kBlatant,
       "A request with a field that the host does not know is refused.",
       KnowsAllFields,
       {"req/unknown-fields/null*"}},
      {"metadata-must-be-flat",
       "REQ-08",
       Subtlety::kSubtle,
       "metadata with an object in it is refused.",
       MetadataIsFlat,
       {"req/unknown-fields/within-metadata*"}},
      {"keys-in-any-case",
       "REQ-08",
       Subtlety::kRare,
       "A field Prompt is taken for the prompt.",
       KeysInAnyCase,
       {"req/unknown-fields/other-case*"}},
  };
}

}  // namespace

std::vector<Defect> ReqDefects() {
  auto all = FieldDefects();
  auto rows = ReqIdDefects();
  std::move(rows.begin(), rows.end(), std::back_inserter(all));
  return all;
}

}  // namespace touchstone::defective
