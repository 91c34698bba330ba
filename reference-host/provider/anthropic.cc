#include "reference-host/provider/anthropic.h"

#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

constexpr int64_t kMaxTokens = 4096;

std::optional<Usage> ReadUsage(const nlohmann::json& body) {
  const auto usage = body.find("usage");
  if (usage == body.end() || !usage->is_object()) return std::nullopt;
  const auto input = TokenCount(*usage, "input_tokens");
  const auto output = TokenCount(*usage, "output_tokens");
  if (!input && !output) return std::nullopt;
  return Usage{input.value_or(0), output.value_or(0)};
}

}  // namespace

AnthropicProvider::AnthropicProvider(const ProviderConfig& config, int64_t idle_timeout_ms)
    : config_(config), url_(ParseUrl(config.base_url)) {
  limits_.idle_timeout = Milliseconds(idle_timeout_ms);
}

std::string AnthropicProvider::Body(const std::vector<Message>& transcript) const {
  std::string body = "{";
  AppendField(body, "model", config_.model);
  AppendField(body, "max_tokens", kMaxTokens);
  std::string system;
  std::string messages;
  for (const Message& message : transcript) {
    if (message.role == Role::kSystem) {
      system += (system.empty() ? "" : "\n\n") + message.text;
      continue;
    }
    messages += messages.empty() ? "{" : ",{";
    AppendField(messages, "role", message.role == Role::kUser ? "user" : "assistant");
    AppendField(messages, "content", message.text);
    messages += '}';
  }
  if (!system.empty()) AppendField(body, "system", system);
  return body += ",\"messages\":[" + messages + "],\"stream\":false}";
}

AnswerResult AnthropicProvider::Ask(const std::vector<Message>& transcript,
                                    const CallLimits& limits) {
  if (config_.api_key.empty()) return tl::unexpected(NoKey());
  if (!url_) return tl::unexpected(BadAnswer("cannot be asked for: the base URL is wrong"));
  HttpRequest request;
  request.path = "/v1/messages";
  request.headers = {{"Content-Type", "application/json"},
                     {"x-api-key", config_.api_key},
                     {"anthropic-version", "2023-06-01"}};
  request.body = Body(transcript);
  auto body = Post(*url_, request, limits_, limits);
  if (!body) return tl::unexpected(body.error());
  return ReadAnthropicAnswer(std::move(*body));
}

AnswerResult ReadAnthropicAnswer(std::string text) {
  const auto body = ParseAnswerBody(std::move(text));
  if (!body) return tl::unexpected(BadAnswer("is not a JSON object"));
  const auto content = body->find("content");
  if (content == body->end() || !content->is_array()) {
    return tl::unexpected(BadAnswer("has no content"));
  }
  Answer answer{"", ReadUsage(*body)};
  for (const auto& part : *content) {
    if (!part.is_object() || part.value("type", nlohmann::json()) != "text") continue;
    const auto piece = part.find("text");
    if (piece != part.end() && piece->is_string()) answer.text += piece->get<std::string>();
  }
  if (IsBlank(answer.text)) return tl::unexpected(BadAnswer("has no text"));
  return answer;
}

}  // namespace refhost
