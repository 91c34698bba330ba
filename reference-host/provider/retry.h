// Asks a provider at most twice (section 13): a second time only after a failure that may pass,
// after a pause, and only if the pause ends before the deadline.
#pragma once

#include <functional>

#include "reference-host/provider/provider.h"

namespace refhost {

class RetryingProvider : public Provider {
 public:
  // `backoff_ms` gives the pause before a second attempt, 100..1000 ms.
  using Backoff = std::function<int64_t()>;

  RetryingProvider(std::unique_ptr<Provider> inner, Backoff backoff_ms)
      : inner_(std::move(inner)), backoff_ms_(std::move(backoff_ms)) {}
  AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits& limits) override;
  bool IsInstant() const override { return inner_->IsInstant(); }

 private:
  std::unique_ptr<Provider> inner_;
  Backoff backoff_ms_;
};

int64_t RandomBackoffMs();

}  // namespace refhost
