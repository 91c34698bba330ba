// Asks another provider when the first one cannot answer (PROV-14).
#pragma once

#include "reference-host/provider/provider.h"

namespace refhost {

class FallbackProvider : public Provider {
 public:
  FallbackProvider(std::unique_ptr<Provider> primary, std::unique_ptr<Provider> fallback)
      : primary_(std::move(primary)), fallback_(std::move(fallback)) {}

  // If both fail, the error is the primary's.
  AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits& limits) override;
  bool IsInstant() const override { return primary_->IsInstant(); }

 private:
  std::unique_ptr<Provider> primary_;
  std::unique_ptr<Provider> fallback_;
};

}  // namespace refhost
