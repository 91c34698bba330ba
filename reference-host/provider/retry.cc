#include "reference-host/provider/retry.h"

#include <algorithm>
#include <random>

#include "reference-host/provider/wait.h"

namespace refhost {

AnswerResult RetryingProvider::Ask(const std::vector<Message>& transcript,
                                   const CallLimits& limits) {
  AnswerResult first = inner_->Ask(transcript, limits);
  if (first || !first.error().retryable) return first;
  const Milliseconds pause(std::max(backoff_ms_(), first.error().retry_after_ms));
  const TimePoint resume = Now() + pause;
  if (resume >= limits.deadline) return first;
  const Waiter waiter(limits.stop);
  if (waiter.Wait(-1, 0, resume) == WaitResult::kCanceled) {
    return tl::unexpected(
        ProviderError{ProviderFault::kCanceled, "the call was stopped", false, 0});
  }
  return inner_->Ask(transcript, limits);
}

int64_t RandomBackoffMs() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<int64_t>(120, 320)(random);
}

}  // namespace refhost
