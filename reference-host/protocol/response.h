// The lines that the host writes: plain values, and the two shapes in which they travel (the typed
// lines of section 4 and the flat object of section 5). No I/O, no threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference-host/protocol/error_code.h"

namespace refhost {

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  int64_t total() const { return prompt_tokens + completion_tokens; }
};

enum class AckStatus { kPong, kAccepted, kCancelAccepted, kSessionClosed, kDuplicateInProgress };

struct Ack {
  AckStatus status = AckStatus::kPong;
  std::string request_id;
  std::optional<std::string> session_id;
  std::optional<int64_t> request_ts_ms;  // kAccepted: the request's own ts_ms
  std::string other_request_id;          // kCancelAccepted: target; kDuplicateInProgress: existing
};

enum class FinalStatus { kOk, kError, kTimeout, kCanceled };
std::string_view Name(FinalStatus status);

struct Final {
  FinalStatus status = FinalStatus::kOk;
  std::string request_id;
  std::string session_id;
  std::string text;
  Usage usage;
  std::optional<Error> error;  // kError, kTimeout: set; kOk, kCanceled: not (RESP-04)
  int64_t latency_ms = 0;
  bool replayed = false;
};

// Nothing ran.
struct Refusal {
  std::string request_id;
  std::optional<std::string> session_id;
  Error error;
};

using Response = std::variant<Ack, Final, Refusal>;

// One JSON object without the LF. `now_ms` is Unix time, for `ts_ms`.
std::string FormatTyped(const Response& response, int64_t now_ms);
std::string FormatFlat(const Response& response);

}  // namespace refhost
