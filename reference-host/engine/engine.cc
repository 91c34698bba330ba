#include "reference-host/engine/engine.h"

#include <algorithm>

namespace refhost {
namespace {

// TOOL-08, and bounds on what one run can make the host keep.
constexpr int kMaxRounds = 60;
constexpr size_t kMaxCalls = 512;
constexpr size_t kMaxBytes = 32 * 1024 * 1024;

size_t SizeOf(const Answer& answer) {
  size_t bytes = answer.text.size();
  for (const ToolCall& call : answer.calls) {
    bytes += call.id.size() + call.name.size() + call.arguments.size();
  }
  return bytes;
}

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
                                                        const CallLimits& limits,
                                                        ToolRunner& tools) {
  std::vector<Message> transcript = MakeTranscript(context, prompt);
  TurnResult result;
  size_t calls = 0;
  size_t bytes = 0;
  for (int round = 0; round <= kMaxRounds; ++round) {
    auto answer = provider_->Ask(transcript, limits);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->usage) {
      result.usage.prompt_tokens += answer->usage->prompt_tokens;
      result.usage.completion_tokens += answer->usage->completion_tokens;
    }
    if (answer->calls.empty()) {
      result.text = std::move(answer->text);
      if (result.usage.total() == 0) result.usage = EstimateUsage(transcript, result.text);
      return result;
    }
    calls += answer->calls.size();
    bytes += SizeOf(*answer);
    if (round == kMaxRounds || calls > kMaxCalls || bytes > kMaxBytes) break;
    transcript.push_back({Role::kAssistant, std::move(answer->text), answer->calls});
    for (const ToolCall& call : answer->calls) {
      auto shown = tools.Make(call);
      if (!shown) return tl::unexpected(shown.error());
      bytes += shown->size();
      transcript.push_back({Role::kTool, std::move(*shown), {}, call.id});
    }
  }
  return tl::unexpected(ProviderError{
      ProviderFault::kRejected, "the provider asked for more tool calls than a run may make"});
}

}  // namespace refhost
