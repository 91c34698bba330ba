#include "fault-injection/provider/openai.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace touchstone::provider {

namespace {

namespace json = boost::json;

json::value UsageJson(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

json::value FinishReason(const Respond& respond) {
  if (respond.finish_reason) return json::string(*respond.finish_reason);
  return json::string(respond.tool_calls.empty() ? "stop" : "tool_calls");
}

json::object Head(const Request& request, std::string_view object) {
  return {{"id", StableId("chatcmpl-", request)},
          {"object", object},
          {"created", StableTime(request)},
          {"model", request.model.empty() ? "mock-model" : request.model}};
}

json::object ToolCallJson(const ToolCall& call, std::string_view arguments) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", arguments}}}};
}

std::string Completion(const Request& request, const Respond& respond) {
  json::object message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  if (respond.text || respond.tool_calls.empty()) message["content"] = TextOrDefault(respond);
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
    if (respond_.text || respond_.tool_calls.empty()) first["content"] = "";
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

struct Words {
  std::string_view type, code, message;  // code "": null
};

Words WordsFor(int status) {
  switch (status) {
    case 401:
      return {"invalid_request_error", "invalid_api_key", "Incorrect API key provided."};
    case 403:
      return {"request_forbidden", "unsupported_country_region_territory",
              "Country, region, or territory not supported"};
    case 404:
      return {"invalid_request_error", "model_not_found",
              "The model does not exist or you do not have access to it."};
    case 408:
      return {"timeout", "", "Request timed out."};
    case 429:
      return {"requests", "rate_limit_exceeded",
              "Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1."};
    case 503:
      return {"service_unavailable_error", "server_is_overloaded",
              "The server is currently overloaded with other requests. Sorry about that!"};
    default:
      break;
  }
  if (status >= 500) {
    return {"server_error", "", "The server had an error while processing your request."};
  }
  return {"invalid_request_error", "", "The request is not valid."};
}

Content WithRequestId(const Request& request) {
  Content content;
  content.headers = {{"x-request-id", StableId("req_", request)}};
  return content;
}

}  // namespace

Content OpenAi::Answer(const Request& request, const Respond& respond) const {
  Content content = WithRequestId(request);
  content.streamed = request.stream;
  if (request.stream) {
    content.type = "text/event-stream; charset=utf-8";
    content.pieces = Stream(request, respond).Events();
    content.filler = ": keep-alive\n\n";
  } else {
    content.type = "application/json";
    content.pieces = {Completion(request, respond)};
  }
  return content;
}

Content OpenAi::Error(const Request& request, int status, std::string_view message) const {
  const Words words = WordsFor(status);
  json::object error{{"message", message.empty() ? words.message : message},
                     {"type", words.type},
                     {"param", nullptr},
                     {"code", nullptr}};
  if (!words.code.empty()) error["code"] = words.code;
  Content content = WithRequestId(request);
  content.type = "application/json";
  content.pieces = {json::serialize(json::object{{"error", std::move(error)}})};
  return content;
}

}  // namespace touchstone::provider
