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

// `input` is an object here, not a string; what is no JSON can only be sent as a string.
json::value Input(const ToolCall& call) {
  boost::system::error_code bad;
  json::value parsed = json::parse(call.arguments, bad);
  return bad ? json::value(call.arguments) : parsed;
}

// The cache is never used: its counts are there, and 0.
json::object UsageJson(const Usage& usage, std::int64_t output_tokens) {
  return {{"input_tokens", usage.prompt_tokens},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", 0},
          {"output_tokens", output_tokens},
          {"service_tier", "standard"}};
}

json::object Message(const Request& request, json::array content, json::value stop_reason) {
  return {{"id", StableId("msg_", request)},
          {"type", "message"},
          {"role", "assistant"},
          {"model", ModelOf(request)},
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
  if (respond.usage) body["usage"] = UsageJson(*respond.usage, respond.usage->completion_tokens);
  return json::serialize(body);
}

// Writes the events of one streamed message.
class Stream {
 public:
  Stream(const Request& request, const Respond& respond) : request_(request), respond_(respond) {}

  std::vector<std::string> Events() {
    json::object message = Message(request_, {}, nullptr);
    if (respond_.usage) message["usage"] = UsageJson(*respond_.usage, 1);  // so far
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
    events_.push_back(NamedEvent(type, json::serialize(data)));
  }

  const Request& request_;
  const Respond& respond_;
  int index_ = 0;
  std::vector<std::string> events_;
};

struct Words {
  int status;
  std::string_view type, message;
};

Words WordsFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAuthentication:
      return {401, "authentication_error", "invalid x-api-key"};
    case ErrorKind::kPermission:
      return {403, "permission_error", "Your API key does not have permission to use this."};
    case ErrorKind::kNotFound:
      return {404, "not_found_error", "The requested resource could not be found."};
    case ErrorKind::kTooLarge:
      return {413, "request_too_large", "Request exceeds the maximum allowed number of bytes."};
    case ErrorKind::kContextLength:
      return {400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum"};
    case ErrorKind::kRateLimit:
      return {429, "rate_limit_error", "This request would exceed your rate limit."};
    case ErrorKind::kQuota:
      return {400, "invalid_request_error",
              "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
              "Billing to upgrade or purchase credits."};
    case ErrorKind::kTimeout:
      return {504, "timeout_error", "Request timed out."};
    case ErrorKind::kServer:
      return {500, "api_error", "Internal server error"};
    case ErrorKind::kOverloaded:
      return {529, "overloaded_error", "Overloaded"};
    case ErrorKind::kInvalidRequest:
      break;
  }
  return {400, "invalid_request_error", "The request is not valid."};
}

ErrorKind UsualKind(int status) {
  switch (status) {
    case 401:
      return ErrorKind::kAuthentication;
    case 403:
      return ErrorKind::kPermission;
    case 404:
      return ErrorKind::kNotFound;
    case 413:
      return ErrorKind::kTooLarge;
    case 429:
      return ErrorKind::kRateLimit;
    case 504:
      return ErrorKind::kTimeout;
    case 529:
      return ErrorKind::kOverloaded;
    default:
      return status >= 500 ? ErrorKind::kServer : ErrorKind::kInvalidRequest;
  }
}

// The wait until a limit is renewed, when the rule gives none.
constexpr std::int64_t kUsualWaitS = 60;

using Headers = std::vector<std::pair<std::string, std::string>>;

void AppendLimit(Headers& headers, std::string_view what, std::string_view limit,
                 std::string_view remaining, std::string_view reset) {
  const std::string name = fmt::format("anthropic-ratelimit-{}-", what);
  headers.emplace_back(name + "limit", limit);
  headers.emplace_back(name + "remaining", remaining);
  headers.emplace_back(name + "reset", reset);
}

Content WithHeaders(const Request& request, const Refusal* refusal = nullptr) {
  Content content;
  content.headers = {{"anthropic-organization-id", "00000000-0000-4000-8000-000000000000"},
                     {"request-id", StableId("req_", request)}};
  // Who cannot prove who he is has no limits.
  if (refusal != nullptr && refusal->KindOr(UsualKind) == ErrorKind::kAuthentication)
    return content;
  const bool limited = refusal != nullptr && refusal->KindOr(UsualKind) == ErrorKind::kRateLimit;
  const std::int64_t wait = limited ? refusal->retry_after_s.value_or(kUsualWaitS) : 0;
  const std::string reset = Rfc3339(StableTime(request) + wait);
  AppendLimit(content.headers, "requests", "50", limited ? "0" : "49", reset);
  AppendLimit(content.headers, "tokens", "48000", "47000", reset);
  AppendLimit(content.headers, "input-tokens", "40000", "40000", reset);
  AppendLimit(content.headers, "output-tokens", "8000", "8000", reset);
  if (limited && refusal->kind) content.headers.emplace_back("retry-after", std::to_string(wait));
  return content;
}

json::object ErrorJson(const Request& request, const Refusal& refusal) {
  const Words words = WordsFor(refusal.KindOr(UsualKind));
  const std::string_view message = refusal.message.empty() ? words.message : refusal.message;
  return {{"type", "error"},
          {"error", {{"type", words.type}, {"message", message}}},
          {"request_id", StableId("req_", request)}};
}

}  // namespace

Content Anthropic::Answer(const Request& request, const Respond& respond) const {
  Content content = WithHeaders(request);
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

int Anthropic::StatusOf(ErrorKind kind) const { return WordsFor(kind).status; }

Content Anthropic::Refuse(const Request& request, const Refusal& refusal) const {
  Content content = WithHeaders(request, &refusal);
  content.type = "application/json";
  content.pieces = {json::serialize(ErrorJson(request, refusal))};
  return content;
}

std::string Anthropic::ErrorEvent(const Request& request, const Refusal& refusal,
                                  std::size_t) const {
  return NamedEvent("error", json::serialize(ErrorJson(request, refusal)));
}

}  // namespace touchstone::provider
