// What the host remembers, across runs, processes and kills: sessions with their turns, answers by
// idempotency pair, and the claims of the runs that are under way.
//
// A *claim* is a run's exclusive right to answer its pair. It belongs to a process (the owner) and
// carries a token (the fence): once it was taken over or revoked, `Finish` with that token changes
// nothing and says so. Claims also order the runs of a session across processes: the earliest
// first.
//
// A claim stands as long as its owner lives and renews it. An owner that is dead is known at once
// (OwnerLock); one that is stopped or too slow loses its claims when their lease has run out.
//
// An *effect* is a tool call that a run has started. It outlives the run's claim, so that a retry
// under the same key does not do it twice (IDEM-10).
//
// A Store belongs to one thread at a time. Every call but Lookup() must be made between Begin() and
// Commit(); what a call reports holds only when Commit() has succeeded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "reference-host/protocol/response.h"

namespace refhost {

struct StoreError {
  std::string message;  // what failed and why, for stderr
};

template <typename T>
using StoreResult = tl::expected<T, StoreError>;

struct Turn {
  std::string prompt;
  std::string answer;
};

struct StoredAnswer {
  std::string text;
  Usage usage;
};

using ClaimToken = uint64_t;

struct ClaimRequest {
  ClaimToken token = 0;  // unique within the process
  std::string_view session_id;
  std::string_view key;
  std::string_view request_id;
};

struct Claimed {};
struct HeldElsewhere {  // by a living run of another process
  std::string request_id;
};
using ClaimOutcome = std::variant<Claimed, StoredAnswer, HeldElsewhere>;
using LookupOutcome = std::variant<std::monostate, StoredAnswer, HeldElsewhere>;

enum class FinishOutcome {
  kSaved,
  kRevoked,    // session_close took the claim away
  kTakenOver,  // another process answers the pair now
};

// What a run leaves for `inspect events`, however it ends (SESS-09).
struct RunRecord {
  std::string run_id;
  std::string events;  // one JSON object per line: seq, ts, event_type, payload
};

struct EffectRequest {
  std::string_view name;
  std::string_view arguments;  // canonical
  int64_t nth = 0;             // which of the equal calls of this run
  bool repeatable = false;     // doing it twice does no harm
};

// One line of the audit (TOOL-07). Redacted by the caller.
struct AuditRecord {
  std::string session_id;
  std::string request_id;
  std::string tool;
  std::string arguments;
  std::string outcome;
  int64_t started_ms = 0;  // Unix time
  int64_t duration_ms = 0;
};

enum class EffectState {
  kStarted,   // by this call: do it, then EndEffect()
  kRecorded,  // it was done by an earlier attempt, with this result
  kUnknown,   // an earlier attempt has started it, and how that ended is not known (CRASH-03)
  kRevoked,   // the run's claim is gone: do nothing
  kTakenOver,
};

struct EffectStart {
  EffectState state = EffectState::kStarted;
  int64_t id = 0;
  int64_t audit_id = 0;
  std::string result;  // kRecorded
};

struct LostClaim {
  ClaimToken token = 0;
  bool taken_over = false;  // by another process; otherwise session_close took it away
};

struct StoreLimits {
  int64_t lease_ms = 3'000;  // how long an owner that does not renew its claims keeps them
  int64_t session_ttl_ms = 86'400'000;
  int64_t idempotency_ttl_ms = 600'000;
  int64_t idempotency_max_keys = 50'000;
  int64_t session_max_concurrency = 1;
  int64_t checkpoint_pages = 1000;  // how long the write-ahead log may grow
};

class Store {
 public:
  virtual ~Store() = default;

  virtual StoreResult<void> Begin() = 0;
  virtual StoreResult<void> Commit() = 0;
  virtual void Rollback() = 0;

  // The stored answer to the pair, if one can be replayed; else who else is working on it. Read
  // only.
  virtual StoreResult<LookupOutcome> Lookup(std::string_view session_id, std::string_view key) = 0;

  virtual StoreResult<ClaimOutcome> Claim(const ClaimRequest& request) = 0;

  // Whether fewer than session_max_concurrency earlier claims of other living processes stand in
  // the session. The order among the process's own runs is the caller's business.
  virtual StoreResult<bool> MayStart(std::string_view session_id, ClaimToken token) = 0;

  // The turns to show to a provider, oldest first (SESS-01).
  virtual StoreResult<std::vector<Turn>> LoadContext(std::string_view session_id) = 0;

  // Ends the claim with an answer: adds the turn and the idempotency entry, or nothing at all.
  virtual StoreResult<FinishOutcome> Finish(const ClaimRequest& claim, std::string_view prompt,
                                            const StoredAnswer& answer,
                                            const RunRecord& record) = 0;

  // Ends the claim without one. No turn and no entry (SESS-05, ADMIT-06).
  virtual StoreResult<void> Release(const ClaimRequest& claim, const RunRecord& record) = 0;

  // Before a tool call: records that it is under way, if it is to be made at all, and writes the
  // audit's record of it, whose outcome is "started", "recorded" or "unknown" for now.
  virtual StoreResult<EffectStart> StartEffect(const ClaimRequest& claim,
                                               const EffectRequest& effect, AuditRecord audit) = 0;

  // After it. Without a result it stays "started". Holds although the claim may be gone: what was
  // done was done. Of `audit` the outcome and the duration count.
  virtual StoreResult<void> EndEffect(const EffectStart& started,
                                      const std::optional<std::string>& result,
                                      const AuditRecord& audit) = 0;

  // The audit's record of a call that is not to be made. Returns its id.
  virtual StoreResult<int64_t> AddAudit(const AuditRecord& record) = 0;

  // Forgets the session's turns, events and work directory, and revokes the claims on it, whoever
  // holds them (CTRL-09).
  virtual StoreResult<void> CloseSession(std::string_view session_id) = 0;

  // Prolongs the leases of this process's claims, and says which of `tokens` are claims no longer.
  // To be called several times per lease.
  virtual StoreResult<std::vector<LostClaim>> Renew(const std::vector<ClaimToken>& tokens) = 0;

  // Removes what has outlived its TTL (SESS-07, IDEM-07), and claims of dead owners.
  virtual StoreResult<void> CleanUp() = 0;

  // CleanUp(), unless some process has done it within the last `interval_ms`.
  virtual StoreResult<void> CleanUpIfDue(int64_t interval_ms) = 0;
};

}  // namespace refhost
