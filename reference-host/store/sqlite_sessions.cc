#include <algorithm>
#include <set>

#include "reference-host/store/sqlite_store.h"
#include "reference-host/store/work_dirs.h"

// Sessions: turns, events, answers, and when they are forgotten.

namespace refhost {
namespace {

// SESS-01: the least that a provider must be shown.
constexpr size_t kContextTurns = 20;
constexpr size_t kContextBytes = 64 * 1024;
// More turns than are ever shown need not be kept.
constexpr int64_t kKeptTurns = 64;
constexpr int64_t kKeptRecords = 1000;

}  // namespace

// Marks the session as used, and forgets it if it has been idle for too long (SESS-07).
StoreResult<void> SqliteStore::TouchSession(std::string_view session_id) {
  const int64_t now = unix_ms_();
  REFHOST_RETURN_IF_ERROR(db_.Run("UPDATE session SET used_ms=?2 WHERE name=?1 AND used_ms>=?3",
                                  {session_id, now, now - limits_.session_ttl_ms}));
  if (db_.ChangedRows() > 0) return {};
  {
    Cursor cursor = db_.Query("SELECT 1 FROM session WHERE name=?1", {session_id});
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
  }
  return ForgetSession(session_id);
}

StoreResult<void> SqliteStore::ForgetSession(std::string_view session_id) {
  REFHOST_RETURN_IF_ERROR(db_.Run(
      "DELETE FROM turn WHERE session=(SELECT id FROM session WHERE name=?1)", {session_id}));
  REFHOST_RETURN_IF_ERROR(db_.Run(
      "DELETE FROM envelope WHERE session=(SELECT id FROM session WHERE name=?1)", {session_id}));
  REFHOST_RETURN_IF_ERROR(db_.Run("DELETE FROM session WHERE name=?1", {session_id}));
  RetireWorkDir(dir_, WorkDirName(session_id));
  return {};
}

StoreResult<void> SqliteStore::CloseSession(std::string_view session_id) {
  REFHOST_RETURN_IF_ERROR(db_.Run("DELETE FROM claim WHERE session=?1", {session_id}));
  return ForgetSession(session_id);
}

StoreResult<std::vector<Turn>> SqliteStore::LoadContext(std::string_view session_id) {
  std::vector<Turn> turns;
  size_t bytes = 0;
  Cursor cursor = db_.Query(
      "SELECT prompt, answer FROM turn WHERE session=(SELECT id FROM session WHERE name=?1)"
      " ORDER BY seq DESC LIMIT ?2",
      {session_id, static_cast<int64_t>(kContextTurns)});
  while (bytes < kContextBytes) {
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    bytes += cursor.Size(0) + cursor.Size(1);
    turns.push_back({cursor.Text(0), cursor.Text(1)});
  }
  std::reverse(turns.begin(), turns.end());
  return turns;
}

StoreResult<void> SqliteStore::SaveAnswer(const ClaimRequest& claim, const StoredAnswer& answer) {
  REFHOST_RETURN_IF_ERROR(
      db_.Run("INSERT OR REPLACE INTO answer(session, key, ts_ms, text, prompt_tokens,"
              " completion_tokens) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
              {claim.session_id, claim.key, unix_ms_(), answer.text, answer.usage.prompt_tokens,
               answer.usage.completion_tokens}));
  // What the pair has done is told by its answer from now on.
  REFHOST_RETURN_IF_ERROR(
      db_.Run("DELETE FROM effect WHERE session=?1 AND key=?2", {claim.session_id, claim.key}));
  // IDEM-07. Ids have no gaps but where an expired entry was replaced, so this drops the oldest.
  return db_.Run("DELETE FROM answer WHERE id<=(SELECT max(id) FROM answer)-?1",
                 {limits_.idempotency_max_keys});
}

// The session's row, which is made if it is missing.
StoreResult<int64_t> SqliteStore::SessionId(std::string_view session_id) {
  Cursor cursor = db_.Query(
      "INSERT INTO session(name, used_ms) VALUES(?1, ?2)"
      " ON CONFLICT(name) DO UPDATE SET used_ms=excluded.used_ms RETURNING id",
      {session_id, unix_ms_()});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  const int64_t id = cursor.Int(0);
  REFHOST_RETURN_IF_ERROR(cursor.Next());
  return id;
}

StoreResult<void> SqliteStore::SaveTurn(int64_t session, std::string_view prompt,
                                        const StoredAnswer& answer) {
  int64_t seq = 1;
  {
    Cursor cursor = db_.Query("SELECT max(seq) FROM turn WHERE session=?1", {session});
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    seq = cursor.Int(0) + 1;
  }
  REFHOST_RETURN_IF_ERROR(
      db_.Run("INSERT INTO turn(session, seq, ts_ms, prompt, answer) VALUES(?1, ?2, ?3, ?4, ?5)",
              {session, seq, unix_ms_(), prompt, answer.text}));
  if (seq <= kKeptTurns) return {};
  return db_.Run("DELETE FROM turn WHERE session=?1 AND seq<=?2", {session, seq - kKeptTurns});
}

StoreResult<void> SqliteStore::SaveRecord(int64_t session, const RunRecord& record) {
  if (record.events.empty()) return {};
  int64_t seq = 1;
  {
    Cursor cursor = db_.Query("SELECT max(seq) FROM envelope WHERE session=?1", {session});
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    seq = cursor.Int(0) + 1;
  }
  REFHOST_RETURN_IF_ERROR(
      db_.Run("INSERT INTO envelope(session, seq, run_id, events) VALUES(?1, ?2, ?3, ?4)",
              {session, seq, record.run_id, record.events}));
  if (seq <= kKeptRecords) return {};
  return db_.Run("DELETE FROM envelope WHERE session=?1 AND seq<=?2",
                 {session, seq - kKeptRecords});
}

StoreResult<void> SqliteStore::CleanUpIfDue(int64_t interval_ms) {
  bool is_new = false;
  {
    Cursor cursor = db_.Query("SELECT cleaned_ms FROM housekeeping");
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (*row && cursor.Int(0) > unix_ms_() - interval_ms) return {};
    is_new = *row && cursor.Int(0) == 0;
  }
  // In a database that was made just now there is nothing to look for.
  if (is_new) return db_.Run("UPDATE housekeeping SET cleaned_ms=?1", {unix_ms_()});
  return CleanUp();
}

StoreResult<void> SqliteStore::CleanUp() {
  const int64_t now = unix_ms_();
  REFHOST_RETURN_IF_ERROR(db_.Run("UPDATE housekeeping SET cleaned_ms=?1", {now}));
  const int64_t expired = now - limits_.idempotency_ttl_ms;
  REFHOST_RETURN_IF_ERROR(db_.Run("DELETE FROM answer WHERE ts_ms<=?1", {expired}));
  REFHOST_RETURN_IF_ERROR(
      db_.Run("DELETE FROM effect WHERE ts_ms<=?1 AND NOT EXISTS"
              " (SELECT 1 FROM claim WHERE claim.session=effect.session AND claim.key=effect.key)",
              {expired}));
  REFHOST_RETURN_IF_ERROR(DropClaimsOfTheDead());
  const int64_t cutoff = now - limits_.session_ttl_ms;
  for (const char* sql :
       {"DELETE FROM turn WHERE session IN (SELECT id FROM session WHERE used_ms<?1"
        " AND name NOT IN (SELECT session FROM claim))",
        "DELETE FROM envelope WHERE session IN (SELECT id FROM session WHERE used_ms<?1"
        " AND name NOT IN (SELECT session FROM claim))",
        "DELETE FROM session WHERE used_ms<?1 AND name NOT IN (SELECT session FROM claim)"}) {
    REFHOST_RETURN_IF_ERROR(db_.Run(sql, {cutoff}));
  }
  return RetireWorkDirs();
}

StoreResult<void> SqliteStore::DropClaimsOfTheDead() {
  std::set<int64_t> dead;
  {
    Cursor cursor = db_.Query("SELECT owner FROM claim UNION SELECT owner FROM lost");
    while (true) {
      auto row = cursor.Next();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      if (!owner_->IsAlive(cursor.Int(0))) dead.insert(cursor.Int(0));
    }
  }
  for (int64_t owner : dead) {
    REFHOST_RETURN_IF_ERROR(db_.Run("DELETE FROM claim WHERE owner=?1", {owner}));
    REFHOST_RETURN_IF_ERROR(db_.Run("DELETE FROM lost WHERE owner=?1", {owner}));
  }
  return {};
}

// Takes away the work directories that belong to no session any more. The transaction keeps new
// claims out meanwhile, and without a claim no tool starts.
StoreResult<void> SqliteStore::RetireWorkDirs() {
  std::set<std::string> unused = ListWorkDirs(dir_);
  if (unused.empty()) return {};
  Cursor cursor = db_.Query("SELECT name FROM session UNION SELECT session FROM claim");
  while (true) {
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    unused.erase(WorkDirName(cursor.Text(0)));
  }
  for (const auto& name : unused) RetireWorkDir(dir_, name);
  return {};
}

}  // namespace refhost
