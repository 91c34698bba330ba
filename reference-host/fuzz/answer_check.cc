#include "reference-host/fuzz/answer_check.h"

#include <nlohmann/json.hpp>

#include "reference-host/fuzz/expect.h"
#include "reference-host/protocol/json_text.h"

namespace refhost {

std::vector<Message> TranscriptWith(const Answer& answer) {
  std::vector<Message> transcript = {{Role::kUser, "a prompt"},
                                     {Role::kAssistant, answer.text, answer.calls}};
  for (const ToolCall& call : answer.calls) {
    transcript.push_back({Role::kTool, "a result", {}, call.id});
  }
  return transcript;
}

void CheckAnswer(const AnswerResult& answer, const std::string& next_body) {
  if (!answer) {
    Expect(answer.error().fault == ProviderFault::kDown, "a bad body is PROVIDER_DOWN");
    Expect(!answer.error().message.empty(), "a fault says what it is");
    Expect(!answer.error().retryable, "a body that was read is not asked for again");
    return;
  }
  Expect(!answer->calls.empty() || !IsBlank(answer->text), "an answer is text or calls");
  if (answer->usage) {
    Expect(answer->usage->prompt_tokens >= 0 && answer->usage->completion_tokens >= 0 &&
               answer->usage->total() >= 0,
           "token counts are not negative");
  }
  std::string text;
  AppendJsonString(text, answer->text);
  Expect(nlohmann::json::accept(text), "a text is valid UTF-8");
  Expect(nlohmann::json::accept(next_body), "the next request is JSON");
}

}  // namespace refhost
