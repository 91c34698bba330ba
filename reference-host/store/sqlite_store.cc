#include "reference-host/store/sqlite_store.h"

#include <algorithm>
#include <set>

#include "reference-host/store/state_dir.h"

namespace refhost {
namespace {

constexpr int64_t kVersion = 1;

// Ids and keys are blobs: compared byte for byte, as a pair of columns, never glued together.
// `claim.id` orders the claims of a session; `answer.id` rises with the time of the answer.
constexpr char kSchema[] =
    "CREATE TABLE session(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,"
    " used_ms INTEGER NOT NULL);"
    "CREATE TABLE turn(session INTEGER NOT NULL, seq INTEGER NOT NULL, ts_ms INTEGER NOT NULL,"
    " prompt BLOB NOT NULL, answer BLOB NOT NULL, PRIMARY KEY(session, seq)) WITHOUT ROWID;"
    "CREATE TABLE claim(id INTEGER PRIMARY KEY, session BLOB NOT NULL, key BLOB NOT NULL,"
    " owner INTEGER NOT NULL, token INTEGER NOT NULL, request_id BLOB NOT NULL,"
    " UNIQUE(session, key));"
    "CREATE TABLE answer(id INTEGER PRIMARY KEY, session BLOB NOT NULL, key BLOB NOT NULL,"
    " ts_ms INTEGER NOT NULL, text BLOB NOT NULL, prompt_tokens INTEGER NOT NULL,"
    " completion_tokens INTEGER NOT NULL, UNIQUE(session, key));"
    "CREATE TABLE housekeeping(cleaned_ms INTEGER NOT NULL);"
    "INSERT INTO housekeeping VALUES(0);"
    "PRAGMA user_version=1;";

// SESS-01: the least that a provider must be shown.
constexpr size_t kContextTurns = 20;
constexpr size_t kContextBytes = 64 * 1024;
// More turns than are ever shown need not be kept.
constexpr int64_t kKeptTurns = 64;

#define RETURN_IF_ERROR(expression)                                                    \
  do {                                                                                 \
    if (auto result_ = (expression); !result_) return tl::unexpected(result_.error()); \
  } while (false)

}  // namespace

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& dir,
                                                            const StoreLimits& limits,
                                                            Clock unix_ms) {
  auto state = PrepareStateDir(dir, kSchema);
  if (!state) return tl::unexpected(state.error());
  auto owner = OwnerLock::Take(dir);
  if (!owner) return tl::unexpected(owner.error());
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(std::move(*owner), limits, std::move(unix_ms)));
  store->path_ = state->database;
  RETURN_IF_ERROR(store->db_.Open(store->path_, limits.checkpoint_pages));
  RETURN_IF_ERROR(store->CheckVersion());
  if (state->needs_check) RETURN_IF_ERROR(store->CheckPages());
  return store;
}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::OpenAnother() const {
  std::unique_ptr<SqliteStore> store(new SqliteStore(owner_, limits_, unix_ms_));
  store->path_ = path_;
  RETURN_IF_ERROR(store->db_.Open(path_, limits_.checkpoint_pages));
  return store;
}

StoreResult<void> SqliteStore::CheckVersion() {
  Cursor cursor = db_.Query("PRAGMA user_version");
  auto row = cursor.Next();
  if (!row) return tl::unexpected(StoreError{path_ + ": " + row.error().message});
  const int64_t version = cursor.Int(0);
  if (version == kVersion) return {};
  const std::string why = version > kVersion ? "written by a newer version of this program"
                                             : "not a state database of this program";
  return tl::unexpected(StoreError{path_ + ": " + why + " (schema " + std::to_string(version) +
                                   ", expected " + std::to_string(kVersion) + ")"});
}

StoreResult<void> SqliteStore::CheckPages() {
  Cursor cursor = db_.Query("PRAGMA quick_check(1)");
  auto row = cursor.Next();
  if (!row) return tl::unexpected(StoreError{path_ + ": " + row.error().message});
  if (cursor.Text(0) == "ok") return {};
  return tl::unexpected(StoreError{path_ + ": is damaged (pages are missing)"});
}

StoreResult<void> SqliteStore::Begin() { return db_.Run("BEGIN IMMEDIATE"); }
StoreResult<void> SqliteStore::Commit() { return db_.Run("COMMIT"); }

void SqliteStore::Rollback() {
  if (db_.InTransaction()) (void)db_.Run("ROLLBACK");
}

StoreResult<LookupOutcome> SqliteStore::Lookup(std::string_view session_id, std::string_view key) {
  auto answer = FindAnswer(session_id, key);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer) return LookupOutcome(std::move(**answer));
  int64_t owner = 0;
  auto held = FindOtherClaim(session_id, key, &owner);
  if (!held) return tl::unexpected(held.error());
  if (*held && owner_->IsAlive(owner)) return LookupOutcome(std::move(**held));
  return LookupOutcome();
}

StoreResult<std::optional<StoredAnswer>> SqliteStore::FindAnswer(std::string_view session_id,
                                                                 std::string_view key) {
  Cursor cursor = db_.Query(
      "SELECT text, prompt_tokens, completion_tokens FROM answer"
      " WHERE session=?1 AND key=?2 AND ts_ms>?3",
      {session_id, key, unix_ms_() - limits_.idempotency_ttl_ms});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::optional<StoredAnswer>();
  return StoredAnswer{cursor.Text(0), {cursor.Int(1), cursor.Int(2)}};
}

StoreResult<std::optional<HeldElsewhere>> SqliteStore::FindOtherClaim(std::string_view session_id,
                                                                      std::string_view key,
                                                                      int64_t* owner) {
  Cursor cursor =
      db_.Query("SELECT owner, request_id FROM claim WHERE session=?1 AND key=?2 AND owner<>?3",
                {session_id, key, owner_->id()});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::optional<HeldElsewhere>();
  *owner = cursor.Int(0);
  return HeldElsewhere{cursor.Text(1)};
}

StoreResult<ClaimOutcome> SqliteStore::Claim(const ClaimRequest& request) {
  auto answer = FindAnswer(request.session_id, request.key);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer) return ClaimOutcome(std::move(**answer));

  int64_t owner = 0;
  auto held = FindOtherClaim(request.session_id, request.key, &owner);
  if (!held) return tl::unexpected(held.error());
  if (*held) {
    if (owner_->IsAlive(owner)) return ClaimOutcome(std::move(**held));
    RETURN_IF_ERROR(DropClaimsOf(owner));
  }
  RETURN_IF_ERROR(TouchSession(request.session_id));
  // An older claim of this process on the pair has ended already; its release is still on the way.
  RETURN_IF_ERROR(
      db_.Run("INSERT OR REPLACE INTO claim(session, key, owner, token, request_id)"
              " VALUES(?1, ?2, ?3, ?4, ?5)",
              {request.session_id, request.key, owner_->id(), static_cast<int64_t>(request.token),
               request.request_id}));
  return ClaimOutcome(Claimed{});
}

// Marks the session as used, and forgets it if it has been idle for too long (SESS-07).
StoreResult<void> SqliteStore::TouchSession(std::string_view session_id) {
  const int64_t now = unix_ms_();
  RETURN_IF_ERROR(db_.Run("UPDATE session SET used_ms=?2 WHERE name=?1 AND used_ms>=?3",
                          {session_id, now, now - limits_.session_ttl_ms}));
  if (db_.ChangedRows() > 0) return {};
  return ForgetTurns(session_id);
}

StoreResult<void> SqliteStore::ForgetTurns(std::string_view session_id) {
  RETURN_IF_ERROR(db_.Run("DELETE FROM turn WHERE session=(SELECT id FROM session WHERE name=?1)",
                          {session_id}));
  return db_.Run("DELETE FROM session WHERE name=?1", {session_id});
}

StoreResult<void> SqliteStore::DropClaimsOf(int64_t owner) {
  return db_.Run("DELETE FROM claim WHERE owner=?1", {owner});
}

StoreResult<bool> SqliteStore::MayStart(std::string_view session_id, ClaimToken token) {
  std::set<int64_t> dead;
  int64_t alive = 0;
  {
    Cursor cursor = db_.Query(
        "SELECT owner FROM claim WHERE session=?1 AND owner<>?2 AND"
        " id<(SELECT id FROM claim WHERE session=?1 AND owner=?2 AND token=?3)",
        {session_id, owner_->id(), static_cast<int64_t>(token)});
    while (true) {
      auto row = cursor.Next();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      const int64_t owner = cursor.Int(0);
      if (owner_->IsAlive(owner)) {
        ++alive;
      } else {
        dead.insert(owner);
      }
    }
  }
  for (int64_t owner : dead) RETURN_IF_ERROR(DropClaimsOf(owner));
  return alive < limits_.session_max_concurrency;
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

StoreResult<FinishOutcome> SqliteStore::Finish(const ClaimRequest& claim, std::string_view prompt,
                                               const StoredAnswer& answer) {
  RETURN_IF_ERROR(
      db_.Run("DELETE FROM claim WHERE session=?1 AND key=?2 AND owner=?3 AND token=?4",
              {claim.session_id, claim.key, owner_->id(), static_cast<int64_t>(claim.token)}));
  if (db_.ChangedRows() == 0) {
    auto lookup = Lookup(claim.session_id, claim.key);
    if (!lookup) return tl::unexpected(lookup.error());
    return std::holds_alternative<std::monostate>(*lookup) ? FinishOutcome::kRevoked
                                                           : FinishOutcome::kTakenOver;
  }
  RETURN_IF_ERROR(SaveAnswer(claim, answer));
  RETURN_IF_ERROR(SaveTurn(claim.session_id, prompt, answer));
  return FinishOutcome::kSaved;
}

StoreResult<void> SqliteStore::SaveAnswer(const ClaimRequest& claim, const StoredAnswer& answer) {
  RETURN_IF_ERROR(
      db_.Run("INSERT OR REPLACE INTO answer(session, key, ts_ms, text, prompt_tokens,"
              " completion_tokens) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
              {claim.session_id, claim.key, unix_ms_(), answer.text, answer.usage.prompt_tokens,
               answer.usage.completion_tokens}));
  // IDEM-07. Ids have no gaps but where an expired entry was replaced, so this drops the oldest.
  return db_.Run("DELETE FROM answer WHERE id<=(SELECT max(id) FROM answer)-?1",
                 {limits_.idempotency_max_keys});
}

StoreResult<void> SqliteStore::SaveTurn(std::string_view session_id, std::string_view prompt,
                                        const StoredAnswer& answer) {
  int64_t session = 0;
  int64_t seq = 1;
  {
    Cursor cursor = db_.Query(
        "INSERT INTO session(name, used_ms) VALUES(?1, ?2)"
        " ON CONFLICT(name) DO UPDATE SET used_ms=excluded.used_ms RETURNING id",
        {session_id, unix_ms_()});
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    session = cursor.Int(0);
    RETURN_IF_ERROR(cursor.Next());
  }
  {
    Cursor cursor = db_.Query("SELECT max(seq) FROM turn WHERE session=?1", {session});
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    seq = cursor.Int(0) + 1;
  }
  RETURN_IF_ERROR(
      db_.Run("INSERT INTO turn(session, seq, ts_ms, prompt, answer) VALUES(?1, ?2, ?3, ?4, ?5)",
              {session, seq, unix_ms_(), prompt, answer.text}));
  return db_.Run("DELETE FROM turn WHERE session=?1 AND seq<=?2", {session, seq - kKeptTurns});
}

StoreResult<void> SqliteStore::Release(ClaimToken token) {
  return db_.Run("DELETE FROM claim WHERE owner=?1 AND token=?2",
                 {owner_->id(), static_cast<int64_t>(token)});
}

StoreResult<void> SqliteStore::CloseSession(std::string_view session_id) {
  RETURN_IF_ERROR(db_.Run("DELETE FROM claim WHERE session=?1", {session_id}));
  return ForgetTurns(session_id);
}

StoreResult<std::vector<ClaimToken>> SqliteStore::FindRevoked(
    const std::vector<ClaimToken>& tokens) {
  std::set<int64_t> present;
  Cursor cursor = db_.Query("SELECT token FROM claim WHERE owner=?1", {owner_->id()});
  while (true) {
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    present.insert(cursor.Int(0));
  }
  std::vector<ClaimToken> gone;
  for (ClaimToken token : tokens) {
    if (!present.count(static_cast<int64_t>(token))) gone.push_back(token);
  }
  return gone;
}

StoreResult<void> SqliteStore::CleanUpIfDue(int64_t interval_ms) {
  {
    Cursor cursor = db_.Query("SELECT cleaned_ms FROM housekeeping");
    auto row = cursor.Next();
    if (!row) return tl::unexpected(row.error());
    if (*row && cursor.Int(0) > unix_ms_() - interval_ms) return {};
  }
  return CleanUp();
}

StoreResult<void> SqliteStore::CleanUp() {
  const int64_t now = unix_ms_();
  RETURN_IF_ERROR(db_.Run("UPDATE housekeeping SET cleaned_ms=?1", {now}));
  RETURN_IF_ERROR(
      db_.Run("DELETE FROM answer WHERE ts_ms<=?1", {now - limits_.idempotency_ttl_ms}));
  std::set<int64_t> dead;
  {
    Cursor cursor = db_.Query("SELECT DISTINCT owner FROM claim");
    while (true) {
      auto row = cursor.Next();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      if (!owner_->IsAlive(cursor.Int(0))) dead.insert(cursor.Int(0));
    }
  }
  for (int64_t owner : dead) RETURN_IF_ERROR(DropClaimsOf(owner));
  const int64_t cutoff = now - limits_.session_ttl_ms;
  RETURN_IF_ERROR(
      db_.Run("DELETE FROM turn WHERE session IN (SELECT id FROM session WHERE used_ms<?1"
              " AND name NOT IN (SELECT session FROM claim))",
              {cutoff}));
  return db_.Run("DELETE FROM session WHERE used_ms<?1 AND name NOT IN (SELECT session FROM claim)",
                 {cutoff});
}

}  // namespace refhost
