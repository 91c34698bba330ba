// The life of every run, from its line to its terminal, and the only owner of run state.
//
// A run goes: judged -> admitted (slot or queue) -> claimed in the store -> acked -> executed ->
// finished -> committed -> terminal line. Each step may be overtaken by a timeout, a cancel, a
// close or a shutdown; Run::Finish decides, once.
//
// Handle() is called by one thread, the reader. All else may be called from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reference-host/engine/engine.h"
#include "reference-host/host/admission.h"
#include "reference-host/host/event_loop.h"
#include "reference-host/host/reply_sink.h"
#include "reference-host/host/run.h"
#include "reference-host/host/run_tools.h"
#include "reference-host/host/worker_pool.h"
#include "reference-host/store/store_queue.h"
#include "reference-host/tools/toolbox.h"

namespace refhost {

struct HostSettings {
  AdmissionLimits admission;
  int64_t default_timeout_ms = 120'000;
  int64_t queue_wait_timeout_ms = 5'000;
  bool replay_marker = true;
  // One-shot: no acks, and a pair that is answered by another process is waited for (IDEM-05).
  bool one_shot = false;
  // How often claims are renewed and looked after; a fraction of their lease.
  int64_t watch_claims_ms = 100;
};

class Host {
 public:
  // `lookup` is a store of the reader's own, for replays; null: the claim finds them.
  Host(const HostSettings& settings, Engine& engine, Toolbox& toolbox, StoreQueue& store,
       Store* lookup, EventLoop& loop, ReplySink& sink);
  ~Host();

  // Judges one line and does what it asks for. `received` is when its last byte was read.
  void Handle(std::string_view line, TimePoint received);
  void Refuse(const std::string& request_id, const std::optional<std::string>& session_id,
              Error error);

  // From now on new runs are BUSY; queued ones end BUSY at once (LIFE-07).
  void Drain();
  // Ends what is left: INTERNAL after the grace of a shutdown, CANCELED when nobody listens any
  // more.
  void AbortAll(FinalStatus status, const std::string& reason);

  // Waits, for at most `patience`, until every run whose terminal was written has also left what
  // it leaves in the store. Before the process exits.
  void Settle(Milliseconds patience);

  // Removes what has outlived its TTL, off the caller's thread.
  void CleanUp();

  // Calls back once, as soon as nothing is under way (which may be at once). From any thread.
  void WhenIdle(std::function<void()> callback);

 private:
  using RunPtr = std::shared_ptr<Run>;
  using PairKey = std::pair<std::string, std::string>;
  struct PairHash {
    size_t operator()(const PairKey& pair) const {
      const std::hash<std::string> hash;
      return hash(pair.first) * 31 + hash(pair.second);
    }
  };
  using Lock = std::lock_guard<std::mutex>;

  void HandleRun(RunRequest request, TimePoint received);
  void HandleCancel(const CancelRequest& request);
  void HandlePing(const PingRequest& request);
  void HandleSessionClose(const SessionCloseRequest& request);

  bool AnswerFromStore(const RunRequest& request, TimePoint received);
  RunPtr Admit(RunRequest request, TimePoint received, AdmissionResult admitted);

  void SubmitClaim(const RunPtr& run, bool load_context);
  void OnClaimed(const RunPtr& run, const StoreResult<void>& saved, ClaimOutcome outcome);
  void Withdraw(const RunPtr& run, const Response& response);
  void Pump();
  void Execute(const RunPtr& run);
  bool PrepareContext(const RunPtr& run);
  RunTools ToolsOf(const RunPtr& run);

  void FinishOk(const RunPtr& run, TurnResult result);
  void OnSaved(const RunPtr& run, Final final, const StoreResult<void>& saved,
               FinishOutcome outcome);
  void FinishBad(const RunPtr& run, FinalStatus status, std::optional<Error> error);
  std::vector<RunPtr> FinishMany(const std::string* session, bool queued_only, FinalStatus status,
                                 const std::optional<Error>& error);
  void ReleaseClaim(const RunPtr& run);
  void WatchClaims();
  void EndLost(const RunPtr& run, bool taken_over);

  // With mutex_ held.
  bool FinishBadLocked(const RunPtr& run, FinalStatus status, const std::optional<Error>& error);
  void LeaveAdmission(const RunPtr& run);
  void Forget(const RunPtr& run);
  void PushAck(const RunPtr& run);
  void RecordEvent(Run& run, std::string_view event_type, std::string_view payload);
  void RecordEnd(Run& run, const Final& final);

  void Push(const Response& response);
  void NotifyIfIdle();

  Final MakeFinal(const Run& run, FinalStatus status) const;
  Final MakeReplay(const RunRequest& request, TimePoint received, StoredAnswer answer) const;

  const HostSettings settings_;
  Engine& engine_;
  Toolbox& toolbox_;
  StoreQueue& store_;
  Store* const lookup_;
  EventLoop& loop_;
  ReplySink& sink_;
  const std::string run_id_prefix_;

  std::mutex mutex_;
  // Held shared from the decision OK to its submission, and alone by what must come after all of
  // these. Taken before mutex_.
  std::shared_mutex commit_order_;
  // All below: guarded by mutex_. A run is in the maps from its admission to its terminal line.
  Admission admission_;
  std::unordered_map<uint64_t, RunPtr> by_number_;
  std::unordered_map<std::string, RunPtr> by_id_;
  std::unordered_map<PairKey, RunPtr, PairHash> by_pair_;
  std::unordered_map<std::string, int> runs_in_session_;
  std::deque<RunPtr> launchable_;  // have a slot and a claim
  uint64_t next_number_ = 1;
  int closing_ = 0;    // session_close requests under way
  int releasing_ = 0;  // runs that have ended, and whose release is not in the store yet
  std::condition_variable settled_;
  bool draining_ = false;
  bool watching_ = false;  // a look at the claims is scheduled
  std::function<void()> when_idle_;

  WorkerPool workers_;  // last: its threads use all of the above
};

}  // namespace refhost
