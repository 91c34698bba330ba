#include "reference-host/store/sqlite_store.h"

// The journal of tool calls, and the audit.

namespace refhost {

// What is to be done about the call: kStarted means that it is new.
StoreResult<EffectStart> SqliteStore::LookForEffect(const ClaimRequest& claim,
                                                    const EffectRequest& effect) {
  const auto token = static_cast<int64_t>(claim.token);
  {
    Cursor cursor =
        db_.Query("SELECT 1 FROM claim WHERE session=?1 AND key=?2 AND owner=?3 AND token=?4",
                  {claim.session_id, claim.key, owner_->id(), token});
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) {
      auto why = WhyLost(token);
      if (!why) return tl::unexpected(why.error());
      const bool taken_over = *why == FinishOutcome::kTakenOver;
      return EffectStart{taken_over ? EffectState::kTakenOver : EffectState::kRevoked, 0, 0, ""};
    }
  }
  Cursor cursor = db_.Query(
      "SELECT id, result IS NULL, result FROM effect WHERE session=?1 AND key=?2 AND name=?3"
      " AND arguments=?4 AND nth=?5 AND ts_ms>?6",
      {claim.session_id, claim.key, effect.name, effect.arguments, effect.nth,
       unix_ms_() - limits_.idempotency_ttl_ms});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  if (*row && cursor.Int(1) == 0) {
    return EffectStart{EffectState::kRecorded, cursor.Int(0), 0, cursor.Text(2)};
  }
  if (*row && !effect.repeatable) {
    return EffectStart{EffectState::kUnknown, cursor.Int(0), 0, ""};
  }
  return EffectStart{};
}

StoreResult<int64_t> SqliteStore::InsertEffect(const ClaimRequest& claim,
                                               const EffectRequest& effect) {
  // With a row of its own the session keeps its work directory, even if this process is killed.
  auto session = SessionId(claim.session_id);
  if (!session) return tl::unexpected(session.error());
  Cursor cursor = db_.Query(
      "INSERT OR REPLACE INTO effect(session, key, name, arguments, nth, ts_ms)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
      {claim.session_id, claim.key, effect.name, effect.arguments, effect.nth, unix_ms_()});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  const int64_t id = cursor.Int(0);
  REFHOST_RETURN_IF_ERROR(cursor.Next());
  return id;
}

StoreResult<EffectStart> SqliteStore::StartEffect(const ClaimRequest& claim,
                                                  const EffectRequest& effect, AuditRecord audit) {
  auto start = LookForEffect(claim, effect);
  if (!start) return start;
  switch (start->state) {
    case EffectState::kRevoked:
    case EffectState::kTakenOver:
      return start;
    case EffectState::kRecorded:
      audit.outcome = "recorded";
      break;
    case EffectState::kUnknown:
      audit.outcome = "unknown";
      break;
    case EffectState::kStarted:
      audit.outcome = "started";
      auto id = InsertEffect(claim, effect);
      if (!id) return tl::unexpected(id.error());
      start->id = *id;
  }
  auto audit_id = AddAudit(audit);
  if (!audit_id) return tl::unexpected(audit_id.error());
  start->audit_id = *audit_id;
  return start;
}

StoreResult<void> SqliteStore::EndEffect(const EffectStart& started,
                                         const std::optional<std::string>& result,
                                         const AuditRecord& audit) {
  if (result) {
    // Ids are never used twice, so this can hit no other call's record.
    REFHOST_RETURN_IF_ERROR(db_.Run("UPDATE effect SET result=?2, ts_ms=?3 WHERE id=?1",
                                    {started.id, *result, unix_ms_()}));
  }
  return db_.Run("UPDATE audit SET outcome=?2, duration_ms=?3 WHERE id=?1",
                 {started.audit_id, audit.outcome, audit.duration_ms});
}

StoreResult<int64_t> SqliteStore::AddAudit(const AuditRecord& record) {
  Cursor cursor = db_.Query(
      "INSERT INTO audit(ts_ms, session, request_id, tool, arguments, outcome, duration_ms)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
      {record.started_ms, record.session_id, record.request_id, record.tool, record.arguments,
       record.outcome, record.duration_ms});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  const int64_t id = cursor.Int(0);
  REFHOST_RETURN_IF_ERROR(cursor.Next());
  return id;
}

}  // namespace refhost
