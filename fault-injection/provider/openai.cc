#include "fault-injection/provider/openai.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "fault-injection/provider/openai_service.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;

json::value UsageJson(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", 0}, {"audio_tokens", 0}}},
          {"completion_tokens_details",
           {{"reasoning_tokens", 0},
            {"audio_tokens", 0},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

json::value FinishReason(const Respond& respond) {
  if (respond.finish_reason) return json::string(*respond.finish_reason);
  return json::string(respond.tool_calls.empty() ? "stop" : "tool_calls");
}

json::object Head(const Request& request, std::string_view object) {
  return {{"id", StableId("chatcmpl-", request)},
          {"object", object},
          {"created", StableTime(request)},
          {"model", ModelOf(request)},
          {"service_tier", "default"},
          {"system_fingerprint", "fp_touchstone"}};
}

json::object ToolCallJson(const ToolCall& call, std::string_view arguments) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", arguments}}}};
}

std::string Completion(const Request& request, const Respond& respond) {
  json::object message{{"role", "assistant"},
                       {"content", nullptr},
                       {"refusal", nullptr},
                       {"annotations", json::array()}};
  if (HasText(respond)) message["content"] = TextOrDefault(respond);
  if (!respond.tool_calls.empty()) {
    json::array& calls = message["tool_calls"].emplace_array();
    for (const ToolCall& call : respond.tool_calls) {
      calls.push_back(ToolCallJson(call, call.arguments));
    }
  }
  json::object body = Head(request, "chat.completion");
  body["choices"] = json::array{json::object{{"index", 0},
                                             {"message", std::move(message)},
                                             {"logprobs", nullptr},
                                             {"finish_reason", FinishReason(respond)}}};
  if (respond.usage) body["usage"] = UsageJson(*respond.usage);
  return json::serialize(body);
}

// Writes the events of one streamed completion.
class Stream {
 public:
  Stream(const Request& request, const Respond& respond)
      : request_(request), respond_(respond), usage_(request.include_usage && respond.usage) {}

  std::vector<std::string> Events() {
    json::object first{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
    if (HasText(respond_)) first["content"] = "";
    Delta(std::move(first), nullptr);
    for (const std::string_view piece : Pieces(TextOrDefault(respond_))) {
      Delta({{"content", piece}}, nullptr);
    }
    for (std::size_t i = 0; i < respond_.tool_calls.size(); ++i) Tool(i);
    Delta({}, FinishReason(respond_));
    if (usage_) {
      json::object last = Head(request_, "chat.completion.chunk");
      last["choices"] = json::array();
      last["usage"] = UsageJson(*respond_.usage);
      Event(json::serialize(last));
    }
    Event("[DONE]");
    return std::move(events_);
  }

 private:
  void Tool(std::size_t index) {
    const ToolCall& call = respond_.tool_calls[index];
    json::object start{{"index", index}};
    for (const auto& [key, value] : ToolCallJson(call, "")) start[key] = value;
    Delta({{"tool_calls", json::array{std::move(start)}}}, nullptr);
    for (const std::string_view piece : Pieces(call.arguments)) {
      json::object more{{"index", index}, {"function", {{"arguments", piece}}}};
      Delta({{"tool_calls", json::array{std::move(more)}}}, nullptr);
    }
  }

  void Delta(json::object delta, json::value finish_reason) {
    json::object chunk = Head(request_, "chat.completion.chunk");
    chunk["choices"] = json::array{json::object{{"index", 0},
                                                {"delta", std::move(delta)},
                                                {"logprobs", nullptr},
                                                {"finish_reason", std::move(finish_reason)}}};
    if (usage_) chunk["usage"] = nullptr;
    Event(json::serialize(chunk));
  }

  void Event(std::string_view data) { events_.push_back(fmt::format("data: {}\n\n", data)); }

  const Request& request_;
  const Respond& respond_;
  const bool usage_;
  std::vector<std::string> events_;
};

}  // namespace

Content OpenAi::Answer(const Request& request, const Respond& respond) const {
  Content content = OpenAiAnswer(request);
  if (request.stream) {
    content.pieces = Stream(request, respond).Events();
  } else {
    content.pieces = {Completion(request, respond)};
  }
  return content;
}

int OpenAi::StatusOf(ErrorKind kind) const { return OpenAiStatus(kind); }

Content OpenAi::Refuse(const Request& request, const Refusal& refusal) const {
  return OpenAiError(request, refusal);
}

std::string OpenAi::ErrorEvent(const Request&, const Refusal& refusal, std::size_t) const {
  const json::object error{{"error", OpenAiErrorJson(refusal)}};
  return fmt::format("data: {}\n\n", json::serialize(error));
}

}  // namespace touchstone::provider
