#include "reference-host/provider/fallback.h"

namespace refhost {
namespace {

// What another provider may do better. A request that was rejected is wrong everywhere.
bool IsWorthAnother(ProviderFault fault) {
  return fault == ProviderFault::kAuth || fault == ProviderFault::kRateLimit ||
         fault == ProviderFault::kDown;
}

}  // namespace

AnswerResult FallbackProvider::Ask(const std::vector<Message>& transcript,
                                   const CallLimits& limits) {
  CallLimits shared = limits;
  shared.share_time = true;
  AnswerResult first = primary_->Ask(transcript, shared);
  if (first || !IsWorthAnother(first.error().fault)) return first;
  AnswerResult second = fallback_->Ask(transcript, limits);
  if (second || second.error().fault == ProviderFault::kCanceled) return second;
  return first;
}

}  // namespace refhost
