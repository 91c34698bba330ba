#include "fault-injection/provider/anthropic.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace touchstone::provider {

namespace {

namespace json = boost::json;

// The rule language says finish_reason in OpenAI's words.
std::string StopReason(const Respond& respond) {
  const std::string reason =
      respond.finish_reason.value_or(respond.tool_calls.empty() ? "stop" : "tool_calls");
  if (reason == "stop") return "end_turn";
  if (reason == "tool_calls") return "tool_use";
  if (reason == "length") return "max_tokens";
  return reason;
}

bool HasText(const Respond& respond) { return respond.text || respond.tool_calls.empty(); }

// `input` is an object here, not a string; what is no JSON can only be sent as a string.
json::value Input(const ToolCall& call) {
  boost::system::error_code bad;
  json::value parsed = json::parse(call.arguments, bad);
  return bad ? json::value(call.arguments) : parsed;
}

json::object Message(const Request& request, json::array content, json::value stop_reason) {
  return {{"id", StableId("msg_", request)},
          {"type", "message"},
          {"role", "assistant"},
          {"model", request.model.empty() ? "mock-model" : request.model},
          {"content", std::move(content)},
          {"stop_reason", std::move(stop_reason)},
          {"stop_sequence", nullptr}};
}

std::string Whole(const Request& request, const Respond& respond) {
  json::array content;
  if (HasText(respond)) {
    content.push_back(json::object{{"type", "text"}, {"text", TextOrDefault(respond)}});
  }
  for (const ToolCall& call : respond.tool_calls) {
    content.push_back(json::object{
        {"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", Input(call)}});
  }
  json::object body = Message(request, std::move(content), json::string(StopReason(respond)));
  if (respond.usage) {
    body["usage"] = {{"input_tokens", respond.usage->prompt_tokens},
                     {"output_tokens", respond.usage->completion_tokens}};
  }
  return json::serialize(body);
}

// Writes the events of one streamed message.
class Stream {
 public:
  Stream(const Request& request, const Respond& respond) : request_(request), respond_(respond) {}

  std::vector<std::string> Events() {
    json::object message = Message(request_, {}, nullptr);
    if (respond_.usage) {
      message["usage"] = {{"input_tokens", respond_.usage->prompt_tokens}, {"output_tokens", 1}};
    }
    Event("message_start", {{"message", std::move(message)}});
    if (HasText(respond_)) {
      Block({{"type", "text"}, {"text", ""}}, "text_delta", "text", TextOrDefault(respond_));
    }
    for (const ToolCall& call : respond_.tool_calls) {
      Block({{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", json::object()}},
            "input_json_delta", "partial_json", call.arguments);
    }
    json::object end{
        {"delta", {{"stop_reason", StopReason(respond_)}, {"stop_sequence", nullptr}}}};
    if (respond_.usage) end["usage"] = {{"output_tokens", respond_.usage->completion_tokens}};
    Event("message_delta", std::move(end));
    Event("message_stop", {});
    return std::move(events_);
  }

 private:
  void Block(json::object start, std::string_view delta, std::string_view field,
             std::string_view text) {
    Event("content_block_start", {{"index", index_}, {"content_block", std::move(start)}});
    if (index_ == 0) Event("ping", {});
    for (const std::string_view piece : Pieces(text)) {
      Event("content_block_delta",
            {{"index", index_}, {"delta", {{"type", delta}, {field, piece}}}});
    }
    Event("content_block_stop", {{"index", index_}});
    ++index_;
  }

  void Event(std::string_view type, json::object fields) {
    json::object data{{"type", type}};
    for (const auto& [key, value] : fields) data[key] = value;
    events_.push_back(fmt::format("event: {}\ndata: {}\n\n", type, json::serialize(data)));
  }

  const Request& request_;
  const Respond& respond_;
  int index_ = 0;
  std::vector<std::string> events_;
};

struct Words {
  std::string_view type, message;
};

Words WordsFor(int status) {
  switch (status) {
    case 401:
      return {"authentication_error", "invalid x-api-key"};
    case 403:
      return {"permission_error", "Your API key does not have permission to use this."};
    case 404:
      return {"not_found_error", "The requested resource could not be found."};
    case 413:
      return {"request_too_large", "Request exceeds the maximum allowed number of bytes."};
    case 429:
      return {"rate_limit_error", "This request would exceed your rate limit."};
    case 504:
      return {"timeout_error", "Request timed out."};
    case 529:
      return {"overloaded_error", "Overloaded"};
    default:
      break;
  }
  if (status >= 500) return {"api_error", "Internal server error"};
  return {"invalid_request_error", "The request is not valid."};
}

}  // namespace

Content Anthropic::Answer(const Request& request, const Respond& respond) const {
  Content content;
  content.headers = {{"request-id", StableId("req_", request)}};
  content.streamed = request.stream;
  if (request.stream) {
    content.type = "text/event-stream; charset=utf-8";
    content.pieces = Stream(request, respond).Events();
    content.filler = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
  } else {
    content.type = "application/json";
    content.pieces = {Whole(request, respond)};
  }
  return content;
}

Content Anthropic::Error(const Request& request, int status, std::string_view message) const {
  const Words words = WordsFor(status);
  const std::string id = StableId("req_", request);
  const json::object body{
      {"type", "error"},
      {"error", {{"type", words.type}, {"message", message.empty() ? words.message : message}}},
      {"request_id", id}};
  Content content;
  content.type = "application/json";
  content.headers = {{"request-id", id}};
  content.pieces = {json::serialize(body)};
  return content;
}

}  // namespace touchstone::provider
