#include "reference-host/provider/anthropic.h"

#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

constexpr int64_t kMaxTokens = 4096;

void AppendAssistant(std::string& out, const Message& message) {
  out += ",\"content\":[";
  if (!message.text.empty()) {
    out += "{\"type\":\"text\"";
    AppendField(out, "text", message.text);
    out += '}';
  }
  for (const ToolCall& call : message.calls) {
    out += out.back() == '[' ? "{" : ",{";
    AppendField(out, "type", "tool_use");
    AppendField(out, "id", call.id);
    AppendField(out, "name", call.name);
    // It came as an object; calls of another dialect, before a fallback, need not be one.
    const bool is_object =
        nlohmann::json::parse(call.arguments, nullptr, /*allow_exceptions=*/false).is_object();
    (out += ",\"input\":") += is_object ? call.arguments : "{}";
    out += '}';
  }
  out += ']';
}

// With `bare`, a result without the message around it.
void AppendMessage(std::string& out, const Message& message, bool bare) {
  if (!bare) {
    out += '{';
    AppendField(out, "role", message.role == Role::kAssistant ? "assistant" : "user");
  }
  if (message.role == Role::kTool) {
    out += bare ? "{" : ",\"content\":[{";
    AppendField(out, "type", "tool_result");
    AppendField(out, "tool_use_id", message.call_id);
    AppendField(out, "content", message.text);
    out += "}]";
  } else if (!message.calls.empty()) {
    AppendAssistant(out, message);
  } else {
    AppendField(out, "content", message.text);
  }
  out += '}';
}

// The call in a part of the content; nothing if it cannot be answered, for want of an id or a name.
std::optional<ToolCall> ReadCall(const nlohmann::json& part) {
  const auto id = part.find("id");
  const auto name = part.find("name");
  if (id == part.end() || !id->is_string() || name == part.end() || !name->is_string()) {
    return std::nullopt;
  }
  const auto input = part.find("input");
  return ToolCall{id->get<std::string>(), name->get<std::string>(),
                  input == part.end() ? "{}" : input->dump()};
}

std::optional<Usage> ReadUsage(const nlohmann::json& body) {
  const auto usage = body.find("usage");
  if (usage == body.end() || !usage->is_object()) return std::nullopt;
  const auto input = TokenCount(*usage, "input_tokens");
  const auto output = TokenCount(*usage, "output_tokens");
  if (!input && !output) return std::nullopt;
  return Usage{input.value_or(0), output.value_or(0)};
}

}  // namespace

AnthropicProvider::AnthropicProvider(const ProviderConfig& config, ProviderSettings settings)
    : config_(config), settings_(std::move(settings)), url_(ParseUrl(config.base_url)) {
  limits_.idle_timeout = Milliseconds(settings_.idle_timeout_ms);
}

std::string AnthropicProvider::Body(const std::vector<Message>& transcript) const {
  std::string body = "{";
  AppendField(body, "model", config_.model);
  AppendField(body, "max_tokens", kMaxTokens);
  std::string system;
  std::string messages;
  for (size_t i = 0; i < transcript.size(); ++i) {
    if (transcript[i].role == Role::kSystem) {
      system += (system.empty() ? "" : "\n\n") + transcript[i].text;
      continue;
    }
    // All results of one round travel in one message, as the turns must alternate.
    const bool more_results =
        transcript[i].role == Role::kTool && i > 0 && transcript[i - 1].role == Role::kTool;
    if (more_results) messages.resize(messages.size() - 2);  // reopens the list
    if (!messages.empty()) messages += ',';
    AppendMessage(messages, transcript[i], more_results);
  }
  if (!system.empty()) AppendField(body, "system", system);
  body += ",\"messages\":[" + messages + "]";
  for (size_t i = 0; i < settings_.tools.size(); ++i) {
    const ToolSpec& tool = settings_.tools[i];
    body += i ? ",{" : ",\"tools\":[{";
    AppendField(body, "name", tool.name);
    AppendField(body, "description", tool.description);
    (body += ",\"input_schema\":") += tool.parameters;
    body += i + 1 < settings_.tools.size() ? "}" : "}]";
  }
  return body += ",\"stream\":false}";
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
    if (!part.is_object()) continue;
    const auto type = part.value("type", nlohmann::json());
    const auto piece = part.find("text");
    if (type == "text" && piece != part.end() && piece->is_string()) {
      answer.text += piece->get<std::string>();
    } else if (type == "tool_use") {
      auto call = ReadCall(part);
      if (!call) return tl::unexpected(BadAnswer("has a malformed tool call"));
      answer.calls.push_back(std::move(*call));
    }
  }
  if (answer.calls.empty() && IsBlank(answer.text)) return tl::unexpected(BadAnswer("has no text"));
  return answer;
}

}  // namespace refhost
