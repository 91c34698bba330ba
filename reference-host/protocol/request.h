// From the bytes of one line to a request, or to the reason why it is refused. No I/O, no threads.
//
// Judgement follows the order of section 0: JSON, protocol_version, type, request_id, fields of the
// type. What needs knowledge of other requests (active ids, replays, ...) is the host's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

namespace refhost {

// Fields that every request has. Ids are kept untrimmed, byte for byte, U+0000 included (REQ-09).
struct RequestHead {
  std::string request_id;
  std::optional<std::string> session_id;  // absent or null: nullopt
  std::optional<int64_t> ts_ms;
};

struct RunRequest {
  RequestHead head;
  std::string session_id;  // the same as *head.session_id
  std::string prompt;
  std::string idempotency_key;
  std::optional<int64_t> timeout_ms;  // 1..86400000
  bool stream = false;
  std::string metadata;  // JSON text of an object; empty: none was given
};

struct CancelRequest {
  RequestHead head;
  std::string session_id;
  std::string target_request_id;
};

struct PingRequest {
  RequestHead head;
};

struct SessionCloseRequest {
  RequestHead head;
  std::string session_id;
};

using Request = std::variant<RunRequest, CancelRequest, PingRequest, SessionCloseRequest>;

// Why a line is INVALID_REQUEST, and under which ids to answer (RESP-08).
struct BadRequest {
  std::string request_id = "unknown";
  std::optional<std::string> session_id;
  std::string message;
};

inline constexpr int kMaxNesting = 64;
inline constexpr int64_t kMaxTimeoutMs = 86'400'000;

// `line` is without its LF; a CR before the LF may still be there.
tl::expected<Request, BadRequest> ParseRequest(std::string_view line);

}  // namespace refhost
