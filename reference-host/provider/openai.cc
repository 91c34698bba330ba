#include "reference-host/provider/openai.h"

#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
  }
  return "user";
}

std::optional<Usage> ReadUsage(const nlohmann::json& body) {
  const auto usage = body.find("usage");
  if (usage == body.end() || !usage->is_object()) return std::nullopt;
  const auto prompt = TokenCount(*usage, "prompt_tokens");
  const auto completion = TokenCount(*usage, "completion_tokens");
  if (!prompt && !completion) return std::nullopt;
  return Usage{prompt.value_or(0), completion.value_or(0)};
}

}  // namespace

OpenAiProvider::OpenAiProvider(const ProviderConfig& config, int64_t idle_timeout_ms)
    : config_(config), url_(ParseUrl(config.base_url)) {
  limits_.idle_timeout = Milliseconds(idle_timeout_ms);
}

std::string OpenAiProvider::Body(const std::vector<Message>& transcript) const {
  std::string body = "{";
  AppendField(body, "model", config_.model);
  body += ",\"messages\":[";
  for (size_t i = 0; i < transcript.size(); ++i) {
    body += i ? ",{" : "{";
    AppendField(body, "role", RoleName(transcript[i].role));
    AppendField(body, "content", transcript[i].text);
    body += '}';
  }
  return body += "],\"stream\":false}";
}

AnswerResult OpenAiProvider::Ask(const std::vector<Message>& transcript, const CallLimits& limits) {
  if (config_.api_key.empty()) return tl::unexpected(NoKey());
  if (!url_) return tl::unexpected(BadAnswer("cannot be asked for: the base URL is wrong"));
  HttpRequest request;
  request.path = "/chat/completions";
  request.headers = {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer " + config_.api_key}};
  request.body = Body(transcript);
  auto body = Post(*url_, request, limits_, limits);
  if (!body) return tl::unexpected(body.error());
  return ReadOpenAiAnswer(std::move(*body));
}

AnswerResult ReadOpenAiAnswer(std::string text) {
  const auto body = ParseAnswerBody(std::move(text));
  if (!body) return tl::unexpected(BadAnswer("is not a JSON object"));
  const auto choices = body->find("choices");
  if (choices == body->end() || !choices->is_array() || choices->empty()) {
    return tl::unexpected(BadAnswer("has no choices"));
  }
  const auto& choice = choices->front();
  const auto message = choice.is_object() ? choice.find("message") : choice.end();
  if (message == choice.end() || !message->is_object()) {
    return tl::unexpected(BadAnswer("has no message"));
  }
  const auto content = message->find("content");
  if (content == message->end() || !content->is_string()) {
    return tl::unexpected(BadAnswer("has no text"));
  }
  Answer answer{content->get<std::string>(), ReadUsage(*body)};
  if (IsBlank(answer.text)) return tl::unexpected(BadAnswer("has only blank text"));
  return answer;
}

}  // namespace refhost
