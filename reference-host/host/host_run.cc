#include "reference-host/host/host.h"
#include "reference-host/ops/log.h"
#include "reference-host/provider/wait.h"

// What happens to an admitted run: claim and execution. How it ends is in host_finish.cc.

namespace refhost {
namespace {

constexpr Milliseconds kTimeForTrash{2000};
constexpr Milliseconds kPollOtherProcess{5};

Error FromProvider(const ProviderError& error) {
  switch (error.fault) {
    case ProviderFault::kAuth:
      return {ErrorCode::kProviderAuth, error.message};
    case ProviderFault::kRateLimit:
      return {ErrorCode::kProviderRateLimit, error.message};
    case ProviderFault::kDown:
      return {ErrorCode::kProviderDown, error.message};
    case ProviderFault::kRejected:
    case ProviderFault::kCanceled:
      break;
  }
  return {ErrorCode::kInternal, error.message};
}

}  // namespace

void Host::SubmitClaim(const RunPtr& run, bool load_context) {
  auto outcome = std::make_shared<ClaimOutcome>();
  store_.Submit(
      [run, outcome, load_context](Store& store) -> StoreResult<void> {
        auto claim = store.Claim(run->Claim());
        if (!claim) return tl::unexpected(claim.error());
        *outcome = std::move(*claim);
        if (!std::holds_alternative<Claimed>(*outcome)) return {};
        auto may_start = store.MayStart(run->request.session_id, run->number);
        if (!may_start) return tl::unexpected(may_start.error());
        run->may_start = *may_start;
        if (!load_context || !run->may_start) return {};
        auto context = store.LoadContext(run->request.session_id);
        if (!context) return tl::unexpected(context.error());
        run->context = std::move(*context);
        return {};
      },
      [this, run, outcome](const StoreResult<void>& saved) {
        OnClaimed(run, saved, std::move(*outcome));
      });
}

void Host::OnClaimed(const RunPtr& run, const StoreResult<void>& saved, ClaimOutcome outcome) {
  const RunRequest& request = run->request;
  if (!saved) {
    Log(LogLevel::kError, saved.error().message);
    Withdraw(run, Refusal{request.head.request_id,
                          request.session_id,
                          {ErrorCode::kInternal, "the state directory cannot be written"}});
  } else if (auto* answer = std::get_if<StoredAnswer>(&outcome)) {
    Withdraw(run, MakeReplay(request, run->received, std::move(*answer)));
  } else if (const auto* held = std::get_if<HeldElsewhere>(&outcome)) {
    if (settings_.one_shot) {
      loop_.Schedule(Now() + kPollOtherProcess, [this, run] {
        {
          Lock lock(mutex_);
          if (run->finished()) return;
        }
        SubmitClaim(run, !engine_.IsInstant());
      });
      return;
    }
    Withdraw(run, Ack{AckStatus::kDuplicateInProgress,
                      request.head.request_id,
                      request.session_id,
                      {},
                      held->request_id});
  } else {
    {
      Lock lock(mutex_);
      if (run->finished()) return;
      run->claimed = true;
      PushAck(run);
      if (run->has_slot) launchable_.push_back(run);
    }
    Pump();
  }
}

// Takes back an admission: the run has turned out to need no execution.
void Host::Withdraw(const RunPtr& run, const Response& response) {
  std::string line = sink_.Format(response);
  {
    Lock lock(mutex_);
    if (!run->Finish()) return;
    LeaveAdmission(run);
    Forget(run);
    sink_.Push(std::move(line));
  }
  Pump();
  NotifyIfIdle();
}

void Host::Pump() {
  // An instant provider runs right here, and each end of a run may launch the next: a loop, not a
  // recursion as deep as the queue is long.
  thread_local bool pumping = false;
  if (pumping) return;
  pumping = true;
  while (true) {
    RunPtr run;
    {
      Lock lock(mutex_);
      if (launchable_.empty()) break;
      run = std::move(launchable_.front());
      launchable_.pop_front();
      if (run->finished() || run->launched) continue;
      run->launched = true;
    }
    if (engine_.IsInstant() && run->may_start) {
      Execute(run);
    } else {
      workers_.Submit([this, run] { Execute(run); });
      WatchClaims();
    }
  }
  pumping = false;
}

void Host::Execute(const RunPtr& run) {
  if (!PrepareContext(run)) return;
  static const std::vector<Turn> kNoTurns;
  RunTools tools = ToolsOf(run);
  auto result = engine_.RunTurn(run->context ? *run->context : kNoTurns, run->request.prompt,
                                {run->deadline, run->stop.get_token()}, tools);
  if (result) {
    FinishOk(run, std::move(*result));
  } else if (result.error().fault != ProviderFault::kCanceled) {
    FinishBad(run, FinalStatus::kError, FromProvider(result.error()));
  }
}

// Waits for earlier runs of the session in other processes, then loads its turns.
bool Host::PrepareContext(const RunPtr& run) {
  StoreResult<void> done;
  while (!run->may_start) {
    done = store_.Await([&](Store& store) -> StoreResult<void> {
      auto may_start = store.MayStart(run->request.session_id, run->number);
      if (!may_start) return tl::unexpected(may_start.error());
      run->may_start = *may_start;
      return {};
    });
    if (!done || run->may_start) break;
    const Waiter waiter(run->stop.get_token());
    if (waiter.Wait(-1, 0, Now() + kPollOtherProcess) == WaitResult::kCanceled) return false;
  }
  if (done && !engine_.IsInstant() && !run->context) {
    done = store_.Await([&](Store& store) -> StoreResult<void> {
      auto context = store.LoadContext(run->request.session_id);
      if (!context) return tl::unexpected(context.error());
      run->context = std::move(*context);
      return {};
    });
  }
  if (done) return true;
  Log(LogLevel::kError, done.error().message);
  FinishBad(run, FinalStatus::kError,
            Error{ErrorCode::kInternal, "the state directory cannot be read"});
  return false;
}

// Keeps the leases of the claims alive. Another process may have taken one away all the same: it
// closed the session (CTRL-09), or believed this process to be stuck. The right to go on is gone
// with it.
void Host::WatchClaims() {
  {
    Lock lock(mutex_);
    if (watching_) return;
    watching_ = true;
  }
  loop_.Schedule(Now() + Milliseconds(settings_.watch_claims_ms), [this] {
    std::vector<ClaimToken> claims;
    {
      Lock lock(mutex_);
      watching_ = false;
      for (const auto& [number, run] : by_number_) {
        if (run->claimed && !run->finished()) claims.push_back(number);
      }
    }
    if (claims.empty()) return;
    auto lost = std::make_shared<std::vector<LostClaim>>();
    store_.Submit(
        [claims = std::move(claims), lost](Store& store) -> StoreResult<void> {
          auto found = store.Renew(claims);
          if (!found) return tl::unexpected(found.error());
          *lost = std::move(*found);
          return {};
        },
        [this, lost](const StoreResult<void>& looked) {
          WatchClaims();
          if (!looked) return;
          for (const LostClaim& claim : *lost) {
            RunPtr run;
            {
              Lock lock(mutex_);
              const auto found = by_number_.find(claim.token);
              if (found != by_number_.end()) run = found->second;
            }
            if (run) EndLost(run, claim.taken_over);
          }
        });
  });
}

void Host::EndLost(const RunPtr& run, bool taken_over) {
  if (!taken_over) return FinishBad(run, FinalStatus::kCanceled, std::nullopt);
  FinishBad(run, FinalStatus::kError,
            Error{ErrorCode::kInternal, "another process has taken over the run"});
}

RunTools Host::ToolsOf(const RunPtr& run) {
  RunTools::Callbacks callbacks;
  callbacks.record = [this, run](std::string_view event_type, const std::string& payload) {
    Lock lock(mutex_);
    // What comes after the end is in the audit only.
    if (!run->finished()) RecordEvent(*run, event_type, payload);
  };
  callbacks.claim_lost = [this, run](bool taken_over) { EndLost(run, taken_over); };
  callbacks.store_failed = [](const StoreError& error) { Log(LogLevel::kError, error.message); };
  return RunTools(*run, toolbox_, store_, std::move(callbacks));
}

void Host::CleanUp() {
  store_.Submit([](Store& store) { return store.CleanUp(); },
                [this](const StoreResult<void>& saved) {
                  if (!saved) Log(LogLevel::kError, saved.error().message);
                  workers_.Submit([this] { toolbox_.EmptyTrash(Now() + kTimeForTrash); });
                });
}

}  // namespace refhost
