// What the state directory holds, for people and for the judge: one JSON object per record. Changes
// nothing, and makes no directory.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "reference-host/store/store.h"

namespace refhost {

enum class InspectKind {
  kTurns,        // session_id, seq, ts, prompt, answer, partial
  kEvents,       // run_id, session_id, seq, ts, event_type, payload (SESS-09)
  kAudit,        // ts, session_id, request_id, tool, arguments, outcome, duration_ms (TOOL-07)
  kIdempotency,  // session_id, idempotency_key, status (OK or RUNNING), ...
};

// Hands over the records, oldest first within a session, until `take` returns false. A directory
// that does not exist holds nothing.
StoreResult<void> Inspect(const std::string& state_dir, InspectKind kind,
                          const std::optional<std::string>& session,
                          const std::function<bool(const std::string& line)>& take);

}  // namespace refhost
