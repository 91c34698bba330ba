// The openai dialect: POST $LLM_BASE_URL/chat/completions, not streamed.
#pragma once

#include "reference-host/provider/http_answer.h"
#include "reference-host/provider/provider.h"

namespace refhost {

class OpenAiProvider : public Provider {
 public:
  OpenAiProvider(const ProviderConfig& config, ProviderSettings settings);
  AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits& limits) override;

  // Exposed for tests: what is sent.
  std::string Body(const std::vector<Message>& transcript) const;

 private:
  ProviderConfig config_;
  ProviderSettings settings_;
  std::optional<Url> url_;
  HttpLimits limits_;
};

// Exposed for tests: the answer in a 2xx body.
AnswerResult ReadOpenAiAnswer(std::string body);

}  // namespace refhost
