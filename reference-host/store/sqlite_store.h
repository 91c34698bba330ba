// The Store in one SQLite file with a write-ahead log, shared by any number of processes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "reference-host/store/owner_lock.h"
#include "reference-host/store/sqlite_db.h"
#include "reference-host/store/store.h"

namespace refhost {

class SqliteStore : public Store {
 public:
  using Clock = std::function<int64_t()>;  // Unix milliseconds

  // Opens the state directory, creating it if there is none. Fails with a message that names the
  // path if it cannot be used, is damaged, or was written by a newer version.
  static StoreResult<std::unique_ptr<SqliteStore>> Open(const std::string& dir,
                                                        const StoreLimits& limits, Clock unix_ms);

  // A second connection to the same files, of the same owner, for another thread.
  StoreResult<std::unique_ptr<SqliteStore>> OpenAnother() const;

  StoreResult<void> Begin() override;
  StoreResult<void> Commit() override;
  void Rollback() override;
  StoreResult<LookupOutcome> Lookup(std::string_view session_id, std::string_view key) override;
  StoreResult<ClaimOutcome> Claim(const ClaimRequest& request) override;
  StoreResult<bool> MayStart(std::string_view session_id, ClaimToken token) override;
  StoreResult<std::vector<Turn>> LoadContext(std::string_view session_id) override;
  StoreResult<FinishOutcome> Finish(const ClaimRequest& claim, std::string_view prompt,
                                    const StoredAnswer& answer) override;
  StoreResult<void> Release(ClaimToken token) override;
  StoreResult<void> CloseSession(std::string_view session_id) override;
  StoreResult<std::vector<ClaimToken>> FindRevoked(const std::vector<ClaimToken>& tokens) override;
  StoreResult<void> CleanUp() override;
  StoreResult<void> CleanUpIfDue(int64_t interval_ms) override;

 private:
  SqliteStore(std::shared_ptr<OwnerLock> owner, StoreLimits limits, Clock unix_ms)
      : owner_(std::move(owner)), limits_(limits), unix_ms_(std::move(unix_ms)) {}

  StoreResult<void> CheckVersion();
  StoreResult<void> CheckPages();
  StoreResult<std::optional<StoredAnswer>> FindAnswer(std::string_view session_id,
                                                      std::string_view key);
  StoreResult<std::optional<HeldElsewhere>> FindOtherClaim(std::string_view session_id,
                                                           std::string_view key, int64_t* owner);
  StoreResult<void> TouchSession(std::string_view session_id);
  StoreResult<void> ForgetTurns(std::string_view session_id);
  StoreResult<void> SaveAnswer(const ClaimRequest& claim, const StoredAnswer& answer);
  StoreResult<void> SaveTurn(std::string_view session_id, std::string_view prompt,
                             const StoredAnswer& answer);
  StoreResult<void> DropClaimsOf(int64_t owner);

  std::string path_;
  std::shared_ptr<OwnerLock> owner_;
  StoreLimits limits_;
  Clock unix_ms_;
  SqliteDb db_;
};

}  // namespace refhost
