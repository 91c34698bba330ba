#include "reference-host/host/host.h"

#include <sys/random.h>

#include <cstdio>

#include "reference-host/ops/log.h"
#include "reference-host/protocol/json_text.h"

// Judging requests: everything up to the moment when a run is admitted. What happens to it then is
// in host_run.cc.

namespace refhost {
namespace {

Error Invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

Refusal RefuseRun(const RunRequest& request, Error error) {
  return {request.head.request_id, request.session_id, std::move(error)};
}

// Tells the runs of this process from those of all others, earlier and later ones.
std::string RandomPrefix() {
  uint64_t number = 0;
  (void)getrandom(&number, sizeof number, 0);
  char text[24];
  snprintf(text, sizeof text, "%016llx-", static_cast<unsigned long long>(number));
  return text;
}

void LogRefusal(const Refusal& refusal) {
  if (!LogEnabled(LogLevel::kInfo)) return;
  std::string fields;
  AppendField(fields, "request_id", refusal.request_id);
  AppendField(fields, "session_id", refusal.session_id.value_or(""));
  AppendField(fields, "status", "refused");
  AppendField(fields, "error_code", Name(refusal.error.code));
  Log(LogLevel::kInfo, "request", fields);
}

}  // namespace

Host::Host(const HostSettings& settings, Engine& engine, Toolbox& toolbox, StoreQueue& store,
           Store* lookup, EventLoop& loop, ReplySink& sink)
    : settings_(settings),
      engine_(engine),
      toolbox_(toolbox),
      store_(store),
      lookup_(lookup),
      loop_(loop),
      sink_(sink),
      run_id_prefix_(RandomPrefix()),
      admission_(settings.admission) {}

Host::~Host() = default;

void Host::Handle(std::string_view line, TimePoint received) {
  auto request = ParseRequest(line);
  if (!request) {
    BadRequest& bad = request.error();
    Refuse(bad.request_id, bad.session_id, Invalid(std::move(bad.message)));
  } else if (auto* run = std::get_if<RunRequest>(&*request)) {
    HandleRun(std::move(*run), received);
  } else if (const auto* cancel = std::get_if<CancelRequest>(&*request)) {
    HandleCancel(*cancel);
  } else if (const auto* close = std::get_if<SessionCloseRequest>(&*request)) {
    HandleSessionClose(*close);
  } else {
    HandlePing(std::get<PingRequest>(*request));
  }
}

void Host::Refuse(const std::string& request_id, const std::optional<std::string>& session_id,
                  Error error) {
  const Refusal refusal{request_id, session_id, std::move(error)};
  LogRefusal(refusal);
  Push(refusal);
}

void Host::Push(const Response& response) {
  std::string line = sink_.Format(response);
  Lock lock(mutex_);
  sink_.Push(std::move(line));
}

void Host::HandlePing(const PingRequest& request) {
  Push(Ack{AckStatus::kPong, request.head.request_id, request.head.session_id, {}, {}});
}

void Host::HandleRun(RunRequest request, TimePoint received) {
  std::optional<Response> answer;
  {
    Lock lock(mutex_);
    const auto pair = by_pair_.find({request.session_id, request.idempotency_key});
    if (by_id_.count(request.head.request_id)) {
      answer = RefuseRun(request, Invalid("a run with this request_id is active"));
    } else if (pair != by_pair_.end()) {
      answer = Ack{AckStatus::kDuplicateInProgress,
                   request.head.request_id,
                   request.session_id,
                   {},
                   pair->second->request.head.request_id};
    }
  }
  if (answer) return Push(*answer);
  // Only this thread admits runs: a pair that is not active now can become answered meanwhile,
  // which the store knows, but not active.
  if (AnswerFromStore(request, received)) return;

  RunPtr run;
  bool load_context = false;
  {
    Lock lock(mutex_);
    const int others = runs_in_session_.count(request.session_id);
    if (draining_) {
      answer = RefuseRun(request, {ErrorCode::kBusy, "the host is shutting down"});
    } else {
      const AdmissionResult admitted = admission_.Add(next_number_, request.session_id);
      if (admitted == AdmissionResult::kFull) {
        answer = RefuseRun(request, {ErrorCode::kBusy, "the host is full"});
      } else {
        load_context = !engine_.IsInstant() && others == 0;
        run = Admit(std::move(request), received, admitted);
      }
    }
  }
  if (run) return SubmitClaim(run, load_context);
  LogRefusal(std::get<Refusal>(*answer));
  Push(*answer);
}

// Answers what is answered already, or is being answered by another process.
bool Host::AnswerFromStore(const RunRequest& request, TimePoint received) {
  if (!lookup_) return false;
  auto found = lookup_->Lookup(request.session_id, request.idempotency_key);
  if (!found) {
    Log(LogLevel::kError, found.error().message);
    Refuse(request.head.request_id, request.session_id,
           {ErrorCode::kInternal, "the state directory cannot be read"});
    return true;
  }
  if (auto* answer = std::get_if<StoredAnswer>(&*found)) {
    Push(MakeReplay(request, received, std::move(*answer)));
    return true;
  }
  if (const auto* held = std::get_if<HeldElsewhere>(&*found)) {
    Push(Ack{AckStatus::kDuplicateInProgress,
             request.head.request_id,
             request.session_id,
             {},
             held->request_id});
    return true;
  }
  return false;
}

Host::RunPtr Host::Admit(RunRequest request, TimePoint received, AdmissionResult admitted) {
  const int64_t timeout_ms = request.timeout_ms.value_or(settings_.default_timeout_ms);
  const auto run = std::make_shared<Run>(std::move(request), next_number_++, received, timeout_ms);
  run->has_slot = admitted == AdmissionResult::kStarted;
  run->record.run_id = run_id_prefix_ + std::to_string(run->number);
  std::string payload = "{";
  AppendField(payload, "request_id", run->request.head.request_id);
  AppendField(payload, "timeout_ms", timeout_ms);
  const std::string& metadata = run->request.metadata;
  (payload += ",\"metadata\":") += metadata.empty() ? "{}" : metadata;
  RecordEvent(*run, "REQUEST_ACCEPTED", payload += '}');
  by_number_.emplace(run->number, run);
  by_id_.emplace(run->request.head.request_id, run);
  by_pair_.emplace(PairKey{run->request.session_id, run->request.idempotency_key}, run);
  ++runs_in_session_[run->request.session_id];
  run->deadline_timer = loop_.Schedule(run->deadline, [this, run] {
    FinishBad(run, FinalStatus::kTimeout, Error{ErrorCode::kTimeout, "the run timed out"});
  });
  if (!run->has_slot) {
    const TimePoint until = received + Milliseconds(settings_.queue_wait_timeout_ms);
    if (until < run->deadline) {
      run->queue_timer = loop_.Schedule(until, [this, run] {
        {
          Lock lock(mutex_);
          if (run->has_slot) return;
        }
        FinishBad(run, FinalStatus::kError, Error{ErrorCode::kBusy, "no slot became free in time"});
      });
    }
  }
  return run;
}

void Host::HandleCancel(const CancelRequest& request) {
  RunPtr canceled;
  Response answer = Refusal{request.head.request_id, request.session_id,
                            Invalid("the session has no active run with this request_id")};
  {
    Lock lock(mutex_);
    const auto found = by_id_.find(request.target_request_id);
    // A run that has finished and waits for its commit is past canceling (CTRL-04).
    if (found != by_id_.end() && found->second->request.session_id == request.session_id &&
        !found->second->finished()) {
      canceled = found->second;
      PushAck(canceled);
      sink_.Push(sink_.Format(Ack{AckStatus::kCancelAccepted,
                                  request.head.request_id,
                                  request.session_id,
                                  {},
                                  request.target_request_id}));
      FinishBadLocked(canceled, FinalStatus::kCanceled, std::nullopt);
    }
  }
  if (!canceled) return Push(answer);
  ReleaseClaim(canceled);
  Pump();
  NotifyIfIdle();
}

void Host::HandleSessionClose(const SessionCloseRequest& request) {
  {
    Lock lock(mutex_);
    ++closing_;
  }
  const auto canceled =
      FinishMany(&request.session_id, false, FinalStatus::kCanceled, std::nullopt);
  for (const RunPtr& run : canceled) ReleaseClaim(run);
  // Runs of the session that were decided OK are before this in the store's queue, also those whose
  // worker is still on its way there: their turns are forgotten with the others, and their
  // terminals come before the ack.
  std::unique_lock all_submitted(commit_order_);
  store_.Submit(
      [session = request.session_id](Store& store) { return store.CloseSession(session); },
      [this, request](const StoreResult<void>& saved) {
        if (!saved) Log(LogLevel::kError, saved.error().message);
        const Response answer =
            saved ? Response(Ack{AckStatus::kSessionClosed,
                                 request.head.request_id,
                                 request.session_id,
                                 {},
                                 {}})
                  : Response(Refusal{request.head.request_id,
                                     request.session_id,
                                     {ErrorCode::kInternal, "the session could not be forgotten"}});
        Push(answer);
        {
          Lock lock(mutex_);
          --closing_;
        }
        NotifyIfIdle();
      });
  Pump();
}

void Host::Drain() {
  {
    Lock lock(mutex_);
    draining_ = true;
  }
  const Error busy{ErrorCode::kBusy, "the host is shutting down"};
  for (const RunPtr& run : FinishMany(nullptr, true, FinalStatus::kError, busy)) ReleaseClaim(run);
  Pump();
  NotifyIfIdle();
}

void Host::AbortAll(FinalStatus status, const std::string& reason) {
  std::optional<Error> error;
  if (status == FinalStatus::kError) error = Error{ErrorCode::kInternal, reason};
  {
    Lock lock(mutex_);
    draining_ = true;
  }
  for (const RunPtr& run : FinishMany(nullptr, false, status, error)) ReleaseClaim(run);
  NotifyIfIdle();
}

void Host::WhenIdle(std::function<void()> callback) {
  {
    Lock lock(mutex_);
    when_idle_ = std::move(callback);
  }
  NotifyIfIdle();
}

void Host::NotifyIfIdle() {
  std::function<void()> callback;
  {
    Lock lock(mutex_);
    if (by_number_.empty() && closing_ == 0) callback.swap(when_idle_);
  }
  if (callback) callback();
}

Final Host::MakeReplay(const RunRequest& request, TimePoint received, StoredAnswer answer) const {
  Final final;
  final.request_id = request.head.request_id;
  final.session_id = request.session_id;
  final.text = std::move(answer.text);
  final.usage = answer.usage;
  final.latency_ms = ElapsedMs(received, Now());
  final.replayed = settings_.replay_marker;
  return final;
}

}  // namespace refhost
