#include "reference-host/engine/engine.h"

#include <algorithm>

namespace refhost {
namespace {

std::vector<Message> MakeTranscript(const std::vector<Turn>& context, const std::string& prompt) {
  std::vector<Message> transcript;
  transcript.reserve(context.size() * 2 + 1);
  for (const Turn& turn : context) {
    transcript.push_back({Role::kUser, turn.prompt});
    transcript.push_back({Role::kAssistant, turn.answer});
  }
  transcript.push_back({Role::kUser, prompt});
  return transcript;
}

// About four bytes to a token, as rules of thumb go; never 0, which a bridge takes for a fault.
int64_t EstimateTokens(size_t bytes) {
  return std::max<int64_t>(1, static_cast<int64_t>(bytes / 4));
}

Usage EstimateUsage(const std::vector<Message>& transcript, const std::string& answer) {
  size_t bytes = 0;
  for (const Message& message : transcript) bytes += message.text.size();
  return {EstimateTokens(bytes), EstimateTokens(answer.size())};
}

}  // namespace

tl::expected<TurnResult, ProviderError> Engine::RunTurn(const std::vector<Turn>& context,
                                                        const std::string& prompt,
                                                        const CallLimits& limits) {
  const std::vector<Message> transcript = MakeTranscript(context, prompt);
  auto answer = provider_->Ask(transcript, limits);
  if (!answer) return tl::unexpected(answer.error());
  TurnResult result{std::move(answer->text), {}};
  const bool counted = answer->usage && answer->usage->total() > 0;
  result.usage = counted ? *answer->usage : EstimateUsage(transcript, result.text);
  return result;
}

}  // namespace refhost
