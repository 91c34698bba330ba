#include "reference-host/protocol/response.h"

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

std::string_view Name(AckStatus status) {
  switch (status) {
    case AckStatus::kPong:
      return "PONG";
    case AckStatus::kAccepted:
      return "ACCEPTED";
    case AckStatus::kCancelAccepted:
      return "CANCEL_ACCEPTED";
    case AckStatus::kSessionClosed:
      return "SESSION_CLOSED";
    case AckStatus::kDuplicateInProgress:
      return "DUPLICATE_IN_PROGRESS";
  }
  return "PONG";
}

std::string Start(std::string_view type, std::string_view request_id,
                  const std::optional<std::string>& session_id, int64_t now_ms, size_t reserve) {
  std::string out;
  out.reserve(reserve);
  out = "{\"protocol_version\":1";
  AppendField(out, "type", type);
  AppendField(out, "request_id", request_id);
  if (session_id) {
    AppendField(out, "session_id", *session_id);
  } else {
    out += ",\"session_id\":null";
  }
  AppendField(out, "ts_ms", now_ms);
  return out;
}

void AppendUsage(std::string& out, const Usage& usage) {
  out += ",\"usage\":{";
  AppendField(out, "prompt_tokens", usage.prompt_tokens);
  AppendField(out, "completion_tokens", usage.completion_tokens);
  AppendField(out, "total_tokens", usage.total());
  out += '}';
}

void AppendError(std::string& out, const Error& error) {
  out += ",\"error\":{";
  AppendField(out, "code", Name(error.code));
  AppendField(out, "message", error.message);
  AppendField(out, "retryable", Retryable(error.code));
  if (error.code == ErrorCode::kBusy) AppendField(out, "http_status", int64_t{429});
  out += '}';
}

struct Typed {
  int64_t now_ms;

  std::string operator()(const Ack& ack) const {
    std::string out = Start("ack", ack.request_id, ack.session_id, now_ms, 256);
    AppendField(out, "status", Name(ack.status));
    switch (ack.status) {
      case AckStatus::kAccepted:
        if (ack.request_ts_ms) {
          AppendField(out, "request_ts_ms", *ack.request_ts_ms);
        } else {
          out += ",\"request_ts_ms\":null";
        }
        break;
      case AckStatus::kCancelAccepted:
        AppendField(out, "target_request_id", ack.other_request_id);
        break;
      case AckStatus::kDuplicateInProgress:
        AppendField(out, "existing_request_id", ack.other_request_id);
        break;
      case AckStatus::kPong:
      case AckStatus::kSessionClosed:
        break;
    }
    out += '}';
    return out;
  }

  std::string operator()(const Final& final) const {
    std::string out =
        Start("final", final.request_id, final.session_id, now_ms, 384 + final.text.size());
    AppendField(out, "status", Name(final.status));
    AppendField(out, "text", final.text);
    AppendUsage(out, final.usage);
    if (final.error) {
      AppendError(out, *final.error);
    } else {
      out += ",\"error\":null";
    }
    AppendField(out, "latency_ms", final.latency_ms);
    if (final.replayed) AppendField(out, "replayed", true);
    out += '}';
    return out;
  }

  std::string operator()(const Refusal& refusal) const {
    std::string out = Start("error", refusal.request_id, refusal.session_id, now_ms, 384);
    AppendError(out, refusal.error);
    out += '}';
    return out;
  }
};

std::string Flat(std::string_view request_id, std::string_view session_id, std::string_view text,
                 const Usage& usage, const Error* error, bool replayed) {
  std::string out;
  out.reserve(256 + text.size());
  out = "{";
  AppendField(out, "ok", error == nullptr);
  AppendField(out, "request_id", request_id);
  AppendField(out, "session_id", session_id);
  AppendField(out, "text", text);
  if (error) {
    AppendField(out, "error_code", Name(error->code));
    AppendField(out, "error_message", error->message);
  } else {
    out += ",\"error_code\":null,\"error_message\":null";
  }
  AppendUsage(out, usage);
  if (replayed) AppendField(out, "replayed", true);
  out += '}';
  return out;
}

struct FlatShape {
  std::string operator()(const Ack& ack) const {
    return Flat(ack.request_id, ack.session_id.value_or(""), "", {}, nullptr, false);
  }
  std::string operator()(const Final& final) const {
    if (final.status == FinalStatus::kOk) {
      return Flat(final.request_id, final.session_id, final.text, final.usage, nullptr,
                  final.replayed);
    }
    // BRIDGE-02: the flat shape has no CANCELED; the caller did not ask for it, so the host failed.
    const Error canceled{ErrorCode::kInternal, "the run was canceled"};
    const Error& error = final.error ? *final.error : canceled;
    return Flat(final.request_id, final.session_id, "", final.usage, &error, false);
  }
  std::string operator()(const Refusal& refusal) const {
    return Flat(refusal.request_id, refusal.session_id.value_or(""), "", {}, &refusal.error, false);
  }
};

}  // namespace

std::string_view Name(FinalStatus status) {
  switch (status) {
    case FinalStatus::kOk:
      return "OK";
    case FinalStatus::kError:
      return "ERROR";
    case FinalStatus::kTimeout:
      return "TIMEOUT";
    case FinalStatus::kCanceled:
      return "CANCELED";
  }
  return "ERROR";
}

std::string FormatTyped(const Response& response, int64_t now_ms) {
  return std::visit(Typed{now_ms}, response);
}

std::string FormatFlat(const Response& response) { return std::visit(FlatShape{}, response); }

}  // namespace refhost
