#include "reference-host/store/sqlite_store.h"

#include <time.h>

#include "reference-host/store/state_dir.h"

// Opening, claims and leases. Sessions are in sqlite_sessions.cc, tool calls in sqlite_effects.cc.

namespace refhost {
namespace {

// Starts with the machine and stands still while it sleeps: every process of a state directory
// reads the same, and a laptop that wakes up has not lost its claims.
int64_t LeaseClockMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& dir,
                                                            const StoreLimits& limits,
                                                            Clock unix_ms) {
  auto state = PrepareStateDir(dir);
  if (!state) return tl::unexpected(state.error());
  auto owner = OwnerLock::Take(dir);
  if (!owner) return tl::unexpected(owner.error());
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(dir, std::move(*owner), limits, std::move(unix_ms)));
  store->path_ = state->database;
  REFHOST_RETURN_IF_ERROR(store->db_.Open(store->path_, limits.checkpoint_pages));
  REFHOST_RETURN_IF_ERROR(CheckSchema(store->db_, *state));
  return store;
}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::OpenAnother() const {
  std::unique_ptr<SqliteStore> store(new SqliteStore(dir_, owner_, limits_, unix_ms_));
  store->path_ = path_;
  REFHOST_RETURN_IF_ERROR(store->db_.Open(path_, limits_.checkpoint_pages));
  return store;
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
  auto holder = FindOtherClaim(session_id, key);
  if (!holder) return tl::unexpected(holder.error());
  if (*holder && Stands(**holder)) {
    return LookupOutcome(HeldElsewhere{std::move((*holder)->request_id)});
  }
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

StoreResult<std::optional<SqliteStore::Holder>> SqliteStore::FindOtherClaim(
    std::string_view session_id, std::string_view key) {
  Cursor cursor = db_.Query(
      "SELECT owner, token, until_ms, request_id FROM claim"
      " WHERE session=?1 AND key=?2 AND owner<>?3",
      {session_id, key, owner_->id()});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::optional<Holder>();
  return Holder{cursor.Int(0), cursor.Int(1), cursor.Int(2), cursor.Text(3)};
}

bool SqliteStore::Stands(const Holder& holder) const {
  return holder.until_ms > LeaseClockMs() && owner_->IsAlive(holder.owner);
}

// The fence: from this transaction on the old owner's commit fails, and it can find out why.
StoreResult<void> SqliteStore::TakeAway(const Holder& holder) {
  REFHOST_RETURN_IF_ERROR(
      db_.Run("DELETE FROM claim WHERE owner=?1 AND token=?2", {holder.owner, holder.token}));
  if (!owner_->IsAlive(holder.owner)) return {};
  return db_.Run("INSERT OR IGNORE INTO lost(owner, token) VALUES(?1, ?2)",
                 {holder.owner, holder.token});
}

StoreResult<ClaimOutcome> SqliteStore::Claim(const ClaimRequest& request) {
  auto answer = FindAnswer(request.session_id, request.key);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer) return ClaimOutcome(std::move(**answer));

  auto holder = FindOtherClaim(request.session_id, request.key);
  if (!holder) return tl::unexpected(holder.error());
  if (*holder) {
    if (Stands(**holder)) {
      return ClaimOutcome(HeldElsewhere{std::move((*holder)->request_id)});
    }
    REFHOST_RETURN_IF_ERROR(TakeAway(**holder));
  }
  REFHOST_RETURN_IF_ERROR(TouchSession(request.session_id));
  // An older claim of this process on the pair has ended already; its release is still on the way.
  REFHOST_RETURN_IF_ERROR(
      db_.Run("INSERT OR REPLACE INTO claim(session, key, owner, token, until_ms, request_id)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
              {request.session_id, request.key, owner_->id(), static_cast<int64_t>(request.token),
               LeaseClockMs() + limits_.lease_ms, request.request_id}));
  return ClaimOutcome(Claimed{});
}

StoreResult<bool> SqliteStore::MayStart(std::string_view session_id, ClaimToken token) {
  std::vector<Holder> fallen;
  int64_t standing = 0;
  {
    Cursor cursor = db_.Query(
        "SELECT owner, token, until_ms FROM claim WHERE session=?1 AND owner<>?2 AND"
        " id<(SELECT id FROM claim WHERE session=?1 AND owner=?2 AND token=?3)",
        {session_id, owner_->id(), static_cast<int64_t>(token)});
    while (true) {
      auto row = cursor.Next();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      Holder holder{cursor.Int(0), cursor.Int(1), cursor.Int(2), ""};
      if (Stands(holder)) {
        ++standing;
      } else {
        fallen.push_back(std::move(holder));
      }
    }
  }
  for (const Holder& holder : fallen) REFHOST_RETURN_IF_ERROR(TakeAway(holder));
  return standing < limits_.session_max_concurrency;
}

StoreResult<FinishOutcome> SqliteStore::WhyLost(int64_t token) {
  Cursor cursor =
      db_.Query("SELECT 1 FROM lost WHERE owner=?1 AND token=?2", {owner_->id(), token});
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  return *row ? FinishOutcome::kTakenOver : FinishOutcome::kRevoked;
}

StoreResult<FinishOutcome> SqliteStore::Finish(const ClaimRequest& claim, std::string_view prompt,
                                               const StoredAnswer& answer,
                                               const RunRecord& record) {
  const auto token = static_cast<int64_t>(claim.token);
  REFHOST_RETURN_IF_ERROR(
      db_.Run("DELETE FROM claim WHERE session=?1 AND key=?2 AND owner=?3 AND token=?4",
              {claim.session_id, claim.key, owner_->id(), token}));
  if (db_.ChangedRows() == 0) return WhyLost(token);
  REFHOST_RETURN_IF_ERROR(SaveAnswer(claim, answer));
  auto session = SessionId(claim.session_id);
  if (!session) return tl::unexpected(session.error());
  REFHOST_RETURN_IF_ERROR(SaveTurn(*session, prompt, answer));
  REFHOST_RETURN_IF_ERROR(SaveRecord(*session, record));
  return FinishOutcome::kSaved;
}

StoreResult<void> SqliteStore::Release(const ClaimRequest& claim, const RunRecord& record) {
  const auto token = static_cast<int64_t>(claim.token);
  REFHOST_RETURN_IF_ERROR(
      db_.Run("DELETE FROM claim WHERE owner=?1 AND token=?2", {owner_->id(), token}));
  REFHOST_RETURN_IF_ERROR(
      db_.Run("DELETE FROM lost WHERE owner=?1 AND token=?2", {owner_->id(), token}));
  auto session = SessionId(claim.session_id);
  if (!session) return tl::unexpected(session.error());
  return SaveRecord(*session, record);
}

StoreResult<std::vector<LostClaim>> SqliteStore::Renew(const std::vector<ClaimToken>& tokens) {
  const int64_t now = LeaseClockMs();
  // Not on every call: a claim that has most of its lease left costs no write.
  REFHOST_RETURN_IF_ERROR(
      db_.Run("UPDATE claim SET until_ms=?2 WHERE owner=?1 AND until_ms<?3",
              {owner_->id(), now + limits_.lease_ms, now + limits_.lease_ms * 3 / 4}));
  std::vector<LostClaim> lost;
  for (ClaimToken token : tokens) {
    const auto number = static_cast<int64_t>(token);
    {
      Cursor cursor =
          db_.Query("SELECT 1 FROM claim WHERE owner=?1 AND token=?2", {owner_->id(), number});
      auto row = cursor.Next();
      if (!row) return tl::unexpected(row.error());
      if (*row) continue;
    }
    auto why = WhyLost(number);
    if (!why) return tl::unexpected(why.error());
    lost.push_back({token, *why == FinishOutcome::kTakenOver});
  }
  return lost;
}

}  // namespace refhost
