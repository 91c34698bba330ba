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
                                    const StoredAnswer& answer, const RunRecord& record) override;
  StoreResult<void> Release(const ClaimRequest& claim, const RunRecord& record) override;
  StoreResult<EffectStart> StartEffect(const ClaimRequest& claim, const EffectRequest& effect,
                                       AuditRecord audit) override;
  StoreResult<void> EndEffect(const EffectStart& started, const std::optional<std::string>& result,
                              const AuditRecord& audit) override;
  StoreResult<int64_t> AddAudit(const AuditRecord& record) override;
  StoreResult<void> CloseSession(std::string_view session_id) override;
  StoreResult<std::vector<LostClaim>> Renew(const std::vector<ClaimToken>& tokens) override;
  StoreResult<void> CleanUp() override;
  StoreResult<void> CleanUpIfDue(int64_t interval_ms) override;

 private:
  struct Holder {
    int64_t owner = 0;
    int64_t token = 0;
    int64_t until_ms = 0;
    std::string request_id;
  };

  SqliteStore(std::string dir, std::shared_ptr<OwnerLock> owner, StoreLimits limits, Clock unix_ms)
      : dir_(std::move(dir)),
        owner_(std::move(owner)),
        limits_(limits),
        unix_ms_(std::move(unix_ms)) {}

  // Claims and leases: sqlite_store.cc.
  StoreResult<std::optional<StoredAnswer>> FindAnswer(std::string_view session_id,
                                                      std::string_view key);
  StoreResult<std::optional<Holder>> FindOtherClaim(std::string_view session_id,
                                                    std::string_view key);
  bool Stands(const Holder& holder) const;
  StoreResult<void> TakeAway(const Holder& holder);
  StoreResult<FinishOutcome> WhyLost(int64_t token);

  // Tool calls: sqlite_effects.cc.
  StoreResult<EffectStart> LookForEffect(const ClaimRequest& claim, const EffectRequest& effect);
  StoreResult<int64_t> InsertEffect(const ClaimRequest& claim, const EffectRequest& effect);

  // Sessions: sqlite_sessions.cc.
  StoreResult<void> TouchSession(std::string_view session_id);
  StoreResult<void> ForgetSession(std::string_view session_id);
  StoreResult<int64_t> SessionId(std::string_view session_id);
  StoreResult<void> SaveAnswer(const ClaimRequest& claim, const StoredAnswer& answer);
  StoreResult<void> SaveTurn(int64_t session, std::string_view prompt, const StoredAnswer& answer);
  StoreResult<void> SaveRecord(int64_t session, const RunRecord& record);
  StoreResult<void> DropClaimsOfTheDead();
  StoreResult<void> RetireWorkDirs();

  std::string dir_;
  std::string path_;
  std::shared_ptr<OwnerLock> owner_;
  StoreLimits limits_;
  Clock unix_ms_;
  SqliteDb db_;
};

}  // namespace refhost
