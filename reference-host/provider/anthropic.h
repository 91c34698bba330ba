// The anthropic dialect: POST $LLM_BASE_URL/v1/messages, not streamed.
#pragma once

#include "reference-host/provider/http_answer.h"
#include "reference-host/provider/provider.h"

namespace refhost {

class AnthropicProvider : public Provider {
 public:
  AnthropicProvider(const ProviderConfig& config, int64_t idle_timeout_ms);
  AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits& limits) override;

 private:
  std::string Body(const std::vector<Message>& transcript) const;

  ProviderConfig config_;
  std::optional<Url> url_;
  HttpLimits limits_;
};

// Exposed for tests: the answer in a 2xx body.
AnswerResult ReadAnthropicAnswer(std::string body);

}  // namespace refhost
