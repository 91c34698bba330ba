#include <future>

#include "reference-host/host/host.h"
#include "reference-host/ops/log.h"
#include "reference-host/protocol/json_text.h"
#include "reference-host/provider/wait.h"

// What happens to an admitted run: claim, execution, terminal.

namespace refhost {
namespace {

constexpr Milliseconds kPollOtherProcess{5};
constexpr Milliseconds kWatchClaims{100};

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

// A short sentence for the user, should the bridge have nothing better to show (RESP-09).
std::string_view FallbackText(FinalStatus status) {
  switch (status) {
    case FinalStatus::kTimeout:
      return "Sorry, this took too long. Please try again.";
    case FinalStatus::kError:
      return "Sorry, I cannot answer right now. Please try again later.";
    case FinalStatus::kOk:
    case FinalStatus::kCanceled:
      break;
  }
  return "";
}

void LogFinal(const Final& final) {
  if (!LogEnabled(LogLevel::kInfo)) return;
  static constexpr std::string_view kStatus[] = {"ok", "error", "timeout", "canceled"};
  std::string fields;
  AppendField(fields, "request_id", final.request_id);
  AppendField(fields, "session_id", final.session_id);
  AppendField(fields, "status", kStatus[static_cast<int>(final.status)]);
  AppendField(fields, "error_code", final.error ? Name(final.error->code) : "");
  AppendField(fields, "latency_ms", final.latency_ms);
  Log(LogLevel::kInfo, "request", fields);
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
  auto result = engine_.RunTurn(run->context ? *run->context : kNoTurns, run->request.prompt,
                                {run->deadline, run->stop.get_token()});
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
    done = AwaitStore([&](Store& store) -> StoreResult<void> {
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
    done = AwaitStore([&](Store& store) -> StoreResult<void> {
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

StoreResult<void> Host::AwaitStore(StoreQueue::Work work) {
  std::promise<StoreResult<void>> promise;
  auto result = promise.get_future();
  store_.Submit(std::move(work),
                [&promise](const StoreResult<void>& done) { promise.set_value(done); });
  return result.get();
}

void Host::FinishOk(const RunPtr& run, TurnResult result) {
  auto final = std::make_shared<Final>();
  {
    Lock lock(mutex_);
    if (!run->Finish()) return;
    *final = MakeFinal(*run, FinalStatus::kOk);
  }
  final->text = std::move(result.text);
  final->usage = result.usage;
  auto outcome = std::make_shared<FinishOutcome>();
  store_.Submit(
      [run, final, outcome](Store& store) -> StoreResult<void> {
        auto saved = store.Finish(run->Claim(), run->request.prompt, {final->text, final->usage});
        if (!saved) return tl::unexpected(saved.error());
        *outcome = *saved;
        return {};
      },
      [this, run, final, outcome](const StoreResult<void>& saved) {
        OnSaved(run, std::move(*final), saved, *outcome);
      });
  // Only now may the session's next run start: it reads the turns behind this commit.
  {
    Lock lock(mutex_);
    LeaveAdmission(run);
  }
  Pump();
}

void Host::OnSaved(const RunPtr& run, Final final, const StoreResult<void>& saved,
                   FinishOutcome outcome) {
  if (!saved || outcome != FinishOutcome::kSaved) {
    final.text.clear();
    final.usage = {};
    if (saved && outcome == FinishOutcome::kRevoked) {
      final.status = FinalStatus::kCanceled;
    } else {
      final.status = FinalStatus::kError;
      final.error = Error{ErrorCode::kInternal, saved ? "another process has taken over the run"
                                                      : "the answer could not be saved"};
      final.text = FallbackText(final.status);
    }
  }
  if (!saved) {
    Log(LogLevel::kError, saved.error().message);
    ReleaseClaim(run);
  }
  LogFinal(final);
  std::string line = sink_.Format(std::move(final));
  {
    Lock lock(mutex_);
    LeaveAdmission(run);
    Forget(run);
    sink_.Push(std::move(line));
  }
  Pump();
  NotifyIfIdle();
}

void Host::FinishBad(const RunPtr& run, FinalStatus status, std::optional<Error> error) {
  {
    Lock lock(mutex_);
    if (!FinishBadLocked(run, status, error)) return;
  }
  ReleaseClaim(run);
  Pump();
  NotifyIfIdle();
}

// A run without an answer leaves nothing to commit, so its line need not wait for the store.
bool Host::FinishBadLocked(const RunPtr& run, FinalStatus status,
                           const std::optional<Error>& error) {
  if (!run->Finish()) return false;
  Final final = MakeFinal(*run, status);
  final.error = error;
  final.text = FallbackText(status);
  LogFinal(final);
  PushAck(run);
  LeaveAdmission(run);
  Forget(run);
  sink_.Push(sink_.Format(std::move(final)));
  return true;
}

std::vector<Host::RunPtr> Host::FinishMany(const std::string* session, bool queued_only,
                                           FinalStatus status, const std::optional<Error>& error) {
  std::vector<RunPtr> finished;
  Lock lock(mutex_);
  for (const auto& [number, run] : by_number_) {
    if (session && run->request.session_id != *session) continue;
    if (queued_only && run->has_slot) continue;
    finished.push_back(run);
  }
  std::erase_if(finished, [&](const RunPtr& run) { return !FinishBadLocked(run, status, error); });
  return finished;
}

void Host::ReleaseClaim(const RunPtr& run) {
  store_.Submit([run](Store& store) { return store.Release(run->number); },
                [](const StoreResult<void>& saved) {
                  if (!saved) Log(LogLevel::kError, saved.error().message);
                });
}

// Another process may close the session of a run that is under way here: its claim is gone then,
// and with it the right to go on (CTRL-09).
void Host::WatchClaims() {
  {
    Lock lock(mutex_);
    if (watching_) return;
    watching_ = true;
  }
  loop_.Schedule(Now() + kWatchClaims, [this] {
    auto claims = std::make_shared<std::vector<ClaimToken>>();
    {
      Lock lock(mutex_);
      watching_ = false;
      for (const auto& [number, run] : by_number_) {
        if (run->claimed && !run->finished()) claims->push_back(number);
      }
    }
    if (claims->empty()) return;
    store_.Submit(
        [claims](Store& store) -> StoreResult<void> {
          auto revoked = store.FindRevoked(*claims);
          if (!revoked) return tl::unexpected(revoked.error());
          *claims = std::move(*revoked);
          return {};
        },
        [this, claims](const StoreResult<void>& looked) {
          if (looked) CancelRevoked(*claims);
          WatchClaims();
        });
  });
}

void Host::CancelRevoked(const std::vector<ClaimToken>& claims) {
  for (ClaimToken claim : claims) {
    RunPtr run;
    {
      Lock lock(mutex_);
      const auto found = by_number_.find(claim);
      if (found == by_number_.end()) continue;
      run = found->second;
    }
    FinishBad(run, FinalStatus::kCanceled, std::nullopt);
  }
}

void Host::LeaveAdmission(const RunPtr& run) {
  const std::string& session = run->request.session_id;
  if (!by_number_.count(run->number)) return;
  if (run->has_slot) {
    run->has_slot = false;
    run->left = true;
    admission_.ReleaseSlot(session);
  } else if (!run->left) {
    run->left = true;
    admission_.LeaveQueue(run->number, session);
  }
  while (const auto next = admission_.StartNext()) {
    const RunPtr& started = by_number_.at(*next);
    started->has_slot = true;
    loop_.Cancel(started->queue_timer);
    if (started->claimed) launchable_.push_back(started);
  }
}

void Host::Forget(const RunPtr& run) {
  loop_.Cancel(run->deadline_timer);
  loop_.Cancel(run->queue_timer);
  by_number_.erase(run->number);
  by_id_.erase(run->request.head.request_id);
  by_pair_.erase({run->request.session_id, run->request.idempotency_key});
  const auto count = runs_in_session_.find(run->request.session_id);
  if (--count->second == 0) runs_in_session_.erase(count);
}

void Host::PushAck(const RunPtr& run) {
  if (settings_.one_shot || run->acked) return;
  run->acked = true;
  sink_.Push(sink_.Format(Ack{AckStatus::kAccepted,
                              run->request.head.request_id,
                              run->request.session_id,
                              run->request.head.ts_ms,
                              {}}));
}

Final Host::MakeFinal(const Run& run, FinalStatus status) const {
  Final final;
  final.status = status;
  final.request_id = run.request.head.request_id;
  final.session_id = run.request.session_id;
  final.latency_ms = ElapsedMs(run.received, Now());
  return final;
}

}  // namespace refhost
