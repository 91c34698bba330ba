#include "reference-host/provider/provider.h"

#include "reference-host/provider/anthropic.h"
#include "reference-host/provider/echo.h"
#include "reference-host/provider/openai.h"

namespace refhost {

std::unique_ptr<Provider> MakeProvider(const ProviderConfig& config, ProviderSettings settings) {
  switch (config.kind) {
    case ProviderKind::kOpenAi:
      return std::make_unique<OpenAiProvider>(config, std::move(settings));
    case ProviderKind::kAnthropic:
      return std::make_unique<AnthropicProvider>(config, std::move(settings));
    case ProviderKind::kEcho:
      break;
  }
  return std::make_unique<EchoProvider>();
}

}  // namespace refhost
