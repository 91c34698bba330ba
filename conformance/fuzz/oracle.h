// The contract's order of judgement for one line of input: framing, JSON, `protocol_version`,
// `type`, `request_id`, the type's fields. What comes after these (active ids, replays, admission)
// depends on other lines and is the driver's to know.
//
// Written from the contract alone, on a scanner of the judge's own. Pure; any thread may call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/contract/mode.h"

namespace touchstone::fuzz {

// A line whose answers are those of no request at all has the type kNone.
enum class RequestType { kNone, kRun, kPing, kCancel, kSessionClose };

enum class Standing {
  kBlank,    // ignored: no answer
  kValid,    // to be answered normally
  kInvalid,  // exactly one INVALID_REQUEST
  kFree,     // the contract leaves the choice between the two; `reason` says where
  kShould,   // INVALID_REQUEST is right; a normal answer is against a SHOULD (FRAME-11)
};

struct Ruling {
  Standing standing = Standing::kBlank;
  RequestType type = RequestType::kNone;
  std::string requirement;  // that says so; blamed when the host does otherwise
  std::string reason;       // a phrase: "`type` is unknown"
  // The answer's request_id: of the line, when it could be read as a non-blank string, or
  // "unknown".
  std::string request_id = "unknown";
  // RESP-08: a line refused by its framing may be answered under "unknown" or under what the host
  // could make out: one of `readable_ids`, or any id that shows U+FFFD when `replaced` is set.
  bool id_is_free = false;
  std::vector<std::string> readable_ids;
  bool replaced = false;
  // Of a request that may run: what the driver must know of it.
  std::string session_id, idempotency_key, target;
  bool may_time_out = false;  // its `timeout_ms` is so short that TIMEOUT is no surprise
};

struct OracleLimits {
  std::size_t max_request_bytes = 1048576;  // ZENE_MAX_REQUEST_BYTES
};

// `line` is what stood before an LF, or before EOF. `mode` is S, O or B.
Ruling JudgeRequest(std::string_view line, Mode mode, const OracleLimits& limits = {});

// "valid", "invalid"…, for messages.
std::string_view ToString(Standing standing);

}  // namespace touchstone::fuzz
