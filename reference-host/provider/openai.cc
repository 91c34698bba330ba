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
    case Role::kTool:
      return "tool";
  }
  return "user";
}

void AppendMessage(std::string& out, const Message& message) {
  out += '{';
  AppendField(out, "role", RoleName(message.role));
  if (message.role == Role::kTool) AppendField(out, "tool_call_id", message.call_id);
  if (message.calls.empty() || !message.text.empty()) {
    AppendField(out, "content", message.text);
  } else {
    out += ",\"content\":null";
  }
  for (size_t i = 0; i < message.calls.size(); ++i) {
    const ToolCall& call = message.calls[i];
    out += i ? ",{" : ",\"tool_calls\":[{";
    AppendField(out, "id", call.id);
    AppendField(out, "type", "function");
    out += ",\"function\":{";
    AppendField(out, "name", call.name);
    AppendField(out, "arguments", call.arguments);
    out += i + 1 < message.calls.size() ? "}}" : "}}]";
  }
  out += '}';
}

// The calls of a message; nothing if one of them cannot be answered, for want of an id or a name.
std::optional<std::vector<ToolCall>> ReadCalls(const nlohmann::json& message) {
  std::vector<ToolCall> calls;
  const auto list = message.find("tool_calls");
  if (list == message.end() || list->is_null()) return calls;
  if (!list->is_array()) return std::nullopt;
  for (const auto& item : *list) {
    if (!item.is_object()) return std::nullopt;
    const auto id = item.find("id");
    const auto function = item.find("function");
    if (id == item.end() || !id->is_string() || function == item.end() || !function->is_object()) {
      return std::nullopt;
    }
    const auto name = function->find("name");
    if (name == function->end() || !name->is_string()) return std::nullopt;
    const auto arguments = function->find("arguments");
    ToolCall call{id->get<std::string>(), name->get<std::string>(), ""};
    if (arguments != function->end()) {
      call.arguments = arguments->is_string() ? arguments->get<std::string>() : arguments->dump();
    }
    calls.push_back(std::move(call));
  }
  return calls;
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

OpenAiProvider::OpenAiProvider(const ProviderConfig& config, ProviderSettings settings)
    : config_(config), settings_(std::move(settings)), url_(ParseUrl(config.base_url)) {
  limits_.idle_timeout = Milliseconds(settings_.idle_timeout_ms);
}

std::string OpenAiProvider::Body(const std::vector<Message>& transcript) const {
  std::string body = "{";
  AppendField(body, "model", config_.model);
  body += ",\"messages\":[";
  for (size_t i = 0; i < transcript.size(); ++i) {
    if (i) body += ',';
    AppendMessage(body, transcript[i]);
  }
  body += ']';
  for (size_t i = 0; i < settings_.tools.size(); ++i) {
    const ToolSpec& tool = settings_.tools[i];
    body += i ? ",{" : ",\"tools\":[{";
    body += "\"type\":\"function\",\"function\":{";
    AppendField(body, "name", tool.name);
    AppendField(body, "description", tool.description);
    (body += ",\"parameters\":") += tool.parameters;
    body += i + 1 < settings_.tools.size() ? "}}" : "}}]";
  }
  return body += ",\"stream\":false}";
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
  auto calls = ReadCalls(*message);
  if (!calls) return tl::unexpected(BadAnswer("has a malformed tool call"));
  Answer answer{"", ReadUsage(*body), std::move(*calls)};
  const auto content = message->find("content");
  if (content != message->end() && content->is_string()) {
    answer.text = content->get<std::string>();
  } else if (answer.calls.empty()) {
    return tl::unexpected(BadAnswer("has no text"));
  }
  if (answer.calls.empty() && IsBlank(answer.text)) {
    return tl::unexpected(BadAnswer("has only blank text"));
  }
  return answer;
}

}  // namespace refhost
