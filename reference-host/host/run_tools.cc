#include "reference-host/host/run_tools.h"

#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

constexpr char kUnknownOutcome[] =
    "outcome unknown: an earlier attempt of this run started this call and was ended before the "
    "result was recorded. It is not made again; look for its effects before you go on.";

ProviderError Stopped() { return {ProviderFault::kCanceled, "the run was stopped", false, 0}; }

// The arguments as an object, which is what an event has (section 4).
std::string AsObject(const std::string& arguments) {
  const auto json = nlohmann::json::parse(arguments, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json.dump() : "{}";
}

}  // namespace

AuditRecord RunTools::StartAudit(const ToolCall& call) const {
  AuditRecord audit;
  audit.session_id = run_.request.session_id;
  audit.request_id = run_.request.head.request_id;
  audit.tool = toolbox_.Redact(call.name);
  audit.arguments = toolbox_.Redact(call.arguments);
  audit.started_ms = UnixMs();
  return audit;
}

RunTools::Result RunTools::Make(const ToolCall& call) {
  const Toolbox::Activity activity(toolbox_);
  if (run_.stop.stop_requested()) return tl::unexpected(Stopped());
  std::string event = "{";
  AppendField(event, "id", call.id);
  AppendField(event, "name", toolbox_.Redact(call.name));
  (event += ",\"arguments\":") += toolbox_.Redact(AsObject(call.arguments)) + "}";
  callbacks_.record("ToolCall", event);

  const auto invocation = toolbox_.Parse(call);
  Result result = invocation ? Journal(call, *invocation, StartAudit(call))
                             : Refuse(StartAudit(call), invocation.error());
  if (!result) return result;
  event = "{";
  AppendField(event, "id", call.id);
  AppendField(event, "name", toolbox_.Redact(call.name));
  AppendField(event, "result", *result);
  callbacks_.record("ToolResult", event + "}");
  return result;
}

RunTools::Result RunTools::Refuse(AuditRecord audit, const std::string& why) {
  audit.outcome = Name(ToolEnd::kRefused);
  const auto saved = store_.Await([&](Store& store) -> StoreResult<void> {
    auto id = store.AddAudit(audit);
    if (!id) return tl::unexpected(id.error());
    return {};
  });
  if (!saved) return tl::unexpected(StoreFailed(saved.error()));
  return why;
}

RunTools::Result RunTools::Journal(const ToolCall& call, const ToolInvocation& invocation,
                                   AuditRecord audit) {
  const int64_t nth = seen_[{call.name, invocation.arguments}]++;
  const EffectRequest effect{call.name, invocation.arguments, nth,
                             !Toolbox::HasEffects(invocation.kind)};
  EffectStart start;
  auto saved = store_.Await([&](Store& store) -> StoreResult<void> {
    auto started = store.StartEffect(run_.Claim(), effect, audit);
    if (!started) return tl::unexpected(started.error());
    start = std::move(*started);
    return {};
  });
  if (!saved) return tl::unexpected(StoreFailed(saved.error()));
  switch (start.state) {
    case EffectState::kRecorded:
      return start.result;
    case EffectState::kUnknown:
      return std::string(kUnknownOutcome);
    case EffectState::kRevoked:
    case EffectState::kTakenOver:
      callbacks_.claim_lost(start.state == EffectState::kTakenOver);
      return tl::unexpected(Stopped());
    case EffectState::kStarted:
      break;
  }
  const TimePoint begin = Now();
  ToolOutcome outcome = toolbox_.Run(invocation, run_.request.session_id, run_.stop.get_token());
  audit.outcome = Name(outcome.end);
  audit.duration_ms = ElapsedMs(begin, Now());
  const bool is_known = outcome.end != ToolEnd::kStopped;
  saved = store_.Await([&](Store& store) {
    return store.EndEffect(start, is_known ? std::optional(outcome.result) : std::nullopt, audit);
  });
  if (!saved) return tl::unexpected(StoreFailed(saved.error()));
  if (!is_known) return tl::unexpected(Stopped());
  return std::move(outcome.result);
}

ProviderError RunTools::StoreFailed(const StoreError& error) {
  callbacks_.store_failed(error);
  return {ProviderFault::kRejected, "the state directory cannot be written", false, 0};
}

}  // namespace refhost
