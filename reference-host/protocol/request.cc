#include "reference-host/protocol/request.h"

#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"
#include "reference-host/protocol/request_fields.h"

namespace refhost {
namespace {

using Message = std::string;

tl::unexpected<Message> Bad(Message message) { return tl::unexpected(std::move(message)); }

const std::string* NonBlank(const FieldValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text && !IsBlank(*text) ? text : nullptr;
}

template <typename T>
bool IsAbsentOr(const FieldValue& value) {
  return std::holds_alternative<Absent>(value) || std::holds_alternative<T>(value);
}

tl::expected<std::string, Message> RequiredText(const RequestFields& fields, Field field,
                                                std::string_view name) {
  if (const auto* text = NonBlank(fields[field])) return *text;
  return Bad("\"" + std::string(name) + "\" must be a string that is not blank");
}

// The ids under which even a refused line is answered: whatever of them could be read.
BadRequest Refuse(const RequestFields& fields, Message message) {
  BadRequest bad;
  if (const auto* id = NonBlank(fields[Field::kRequestId])) bad.request_id = *id;
  if (const auto* id = std::get_if<std::string>(&fields[Field::kSessionId])) bad.session_id = *id;
  bad.message = std::move(message);
  return bad;
}

tl::expected<RequestHead, Message> ReadHead(const RequestFields& fields) {
  RequestHead head;
  auto id = RequiredText(fields, Field::kRequestId, "request_id");
  if (!id) return tl::unexpected(id.error());
  head.request_id = std::move(*id);
  if (!IsAbsentOr<std::string>(fields[Field::kSessionId])) {
    return Bad("\"session_id\" must be a string");
  }
  if (const auto* session = std::get_if<std::string>(&fields[Field::kSessionId])) {
    head.session_id = *session;
  }
  if (!IsAbsentOr<int64_t>(fields[Field::kTsMs])) {
    return Bad("\"ts_ms\" must be an integer");
  }
  if (const auto* ts = std::get_if<int64_t>(&fields[Field::kTsMs])) head.ts_ms = *ts;
  return head;
}

tl::expected<Request, Message> ReadRun(const RequestFields& fields, RequestHead head) {
  RunRequest run;
  run.head = std::move(head);
  auto session = RequiredText(fields, Field::kSessionId, "session_id");
  if (!session) return tl::unexpected(session.error());
  auto prompt = RequiredText(fields, Field::kPrompt, "prompt");
  if (!prompt) return tl::unexpected(prompt.error());
  auto key = RequiredText(fields, Field::kIdempotencyKey, "idempotency_key");
  if (!key) return tl::unexpected(key.error());
  run.session_id = std::move(*session);
  run.prompt = std::move(*prompt);
  run.idempotency_key = std::move(*key);

  const FieldValue& timeout = fields[Field::kTimeoutMs];
  if (!std::holds_alternative<Absent>(timeout)) {
    const auto* ms = std::get_if<int64_t>(&timeout);
    if (!ms || *ms < 1 || *ms > kMaxTimeoutMs) {
      return Bad("\"timeout_ms\" must be an integer from 1 to 86400000");
    }
    run.timeout_ms = *ms;
  }
  if (!IsAbsentOr<bool>(fields[Field::kStream])) {
    return Bad("\"stream\" must be true or false");
  }
  if (const auto* stream = std::get_if<bool>(&fields[Field::kStream])) run.stream = *stream;
  if (!IsAbsentOr<Object>(fields[Field::kMetadata])) {
    return Bad("\"metadata\" must be an object");
  }
  if (!IsAbsentOr<std::string>(fields[Field::kChannelId])) {
    return Bad("\"channel_id\" must be a string");
  }
  if (!IsAbsentOr<std::string>(fields[Field::kAgent])) {
    return Bad("\"agent\" must be a string");
  }
  return run;
}

tl::expected<Request, Message> ReadCancel(const RequestFields& fields, RequestHead head) {
  CancelRequest cancel;
  cancel.head = std::move(head);
  auto session = RequiredText(fields, Field::kSessionId, "session_id");
  if (!session) return tl::unexpected(session.error());
  cancel.session_id = std::move(*session);

  // CTRL-03: either name will do; a field that is there must be good, and two must agree.
  for (Field field : {Field::kTargetRequestId, Field::kCancelRequestId}) {
    if (std::holds_alternative<Absent>(fields[field])) continue;
    const auto* target = NonBlank(fields[field]);
    if (!target) {
      return Bad("\"target_request_id\" must be a string that is not blank");
    }
    if (!cancel.target_request_id.empty() && cancel.target_request_id != *target) {
      return Bad("\"target_request_id\" and \"cancel_request_id\" differ");
    }
    cancel.target_request_id = *target;
  }
  if (cancel.target_request_id.empty()) {
    return Bad("\"target_request_id\" must be a string that is not blank");
  }
  return cancel;
}

tl::expected<Request, Message> ReadSessionClose(const RequestFields& fields, RequestHead head) {
  auto session = RequiredText(fields, Field::kSessionId, "session_id");
  if (!session) return tl::unexpected(session.error());
  return SessionCloseRequest{std::move(head), std::move(*session)};
}

tl::expected<Request, Message> ReadRequest(const RequestFields& fields) {
  const auto* version = std::get_if<int64_t>(&fields[Field::kProtocolVersion]);
  if (!version || *version != 1) {
    return Bad("\"protocol_version\" must be the integer 1");
  }
  const auto* type = std::get_if<std::string>(&fields[Field::kType]);
  const bool known =
      type && (*type == "run" || *type == "cancel" || *type == "ping" || *type == "session_close");
  if (!known) {
    return Bad("\"type\" must be one of run, cancel, ping, session_close");
  }
  auto head = ReadHead(fields);
  if (!head) return tl::unexpected(head.error());
  if (*type == "run") return ReadRun(fields, std::move(*head));
  if (*type == "cancel") return ReadCancel(fields, std::move(*head));
  if (*type == "session_close") return ReadSessionClose(fields, std::move(*head));
  return PingRequest{std::move(*head)};
}

// Read once more, and only where there is something to find: the first pass keeps no objects.
std::string MetadataOf(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto found = json.is_object() ? json.find("metadata") : json.end();
  return found != json.end() && found->is_object() ? found->dump() : "";
}

}  // namespace

tl::expected<Request, BadRequest> ParseRequest(std::string_view line) {
  auto fields = ReadRequestFields(line);
  if (!fields) return tl::unexpected(Refuse(fields.error().fields, fields.error().message));
  auto request = ReadRequest(*fields);
  if (!request) return tl::unexpected(Refuse(*fields, request.error()));
  auto* run = std::get_if<RunRequest>(&*request);
  if (run && std::holds_alternative<Object>((*fields)[Field::kMetadata])) {
    run->metadata = MetadataOf(line);
  }
  return std::move(*request);
}

}  // namespace refhost
