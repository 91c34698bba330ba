#include <utility>

#include "reference-host/host/host.h"
#include "reference-host/ops/log.h"
#include "reference-host/protocol/json_text.h"

// How a run ends: its terminal is decided, committed, and written; then it is forgotten.

namespace refhost {
namespace {

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

void Host::FinishOk(const RunPtr& run, TurnResult result) {
  auto final = std::make_shared<Final>();
  // From the decision to its place in the store's queue: see HandleSessionClose.
  std::shared_lock deciding(commit_order_);
  {
    Lock lock(mutex_);
    if (!run->Finish()) return;
    *final = MakeFinal(*run, FinalStatus::kOk);
  }
  final->text = std::move(result.text);
  final->usage = result.usage;
  auto outcome = std::make_shared<FinishOutcome>();
  // Nobody else adds to the record of a run that has finished.
  RunRecord before = run->record;
  RecordEnd(*run, *final);
  auto record = std::make_shared<RunRecord>(std::exchange(run->record, std::move(before)));
  --run->seq;  // should it not be saved, its end is another one
  store_.Submit(
      [run, final, record, outcome](Store& store) -> StoreResult<void> {
        auto saved =
            store.Finish(run->Claim(), run->request.prompt, {final->text, final->usage}, *record);
        if (!saved) return tl::unexpected(saved.error());
        *outcome = *saved;
        return {};
      },
      [this, run, final, outcome](const StoreResult<void>& saved) {
        OnSaved(run, std::move(*final), saved, *outcome);
      });
  deciding.unlock();
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
  if (!saved) Log(LogLevel::kError, saved.error().message);
  const bool is_bad = final.status != FinalStatus::kOk;
  if (is_bad) RecordEnd(*run, final);
  LogFinal(final);
  std::string line = sink_.Format(std::move(final));
  {
    Lock lock(mutex_);
    LeaveAdmission(run);
    Forget(run);
    if (is_bad) ++releasing_;
    sink_.Push(std::move(line));
  }
  if (is_bad) ReleaseClaim(run);
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
  RecordEnd(*run, final);
  LogFinal(final);
  PushAck(run);
  LeaveAdmission(run);
  Forget(run);
  ++releasing_;
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
  store_.Submit([run](Store& store) { return store.Release(run->Claim(), run->record); },
                [this](const StoreResult<void>& saved) {
                  if (!saved) Log(LogLevel::kError, saved.error().message);
                  Lock lock(mutex_);
                  if (--releasing_ == 0) settled_.notify_all();
                });
}

void Host::Settle(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  settled_.wait_for(lock, patience, [this] { return releasing_ == 0; });
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

void Host::RecordEvent(Run& run, std::string_view event_type, std::string_view payload) {
  std::string& events = run.record.events;
  if (!events.empty()) events += '\n';
  events += '{';
  AppendField(events, "seq", ++run.seq);
  AppendField(events, "ts", UnixMs());
  AppendField(events, "event_type", event_type);
  ((events += ",\"payload\":") += payload) += '}';
}

void Host::RecordEnd(Run& run, const Final& final) {
  std::string payload = "{";
  AppendField(payload, "status", Name(final.status));
  AppendField(payload, "error_code", final.error ? Name(final.error->code) : "");
  AppendField(payload, "latency_ms", final.latency_ms);
  AppendField(payload, "total_tokens", final.usage.total());
  RecordEvent(run, "RUN_FINISHED", payload += '}');
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
