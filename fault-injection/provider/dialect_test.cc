#include "fault-injection/provider/dialect.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

namespace json = boost::json;

const Dialect& OpenAi() { return *DialectOf("/v1/chat/completions"); }
const Dialect& Anthropic() { return *DialectOf("/v1/messages"); }

Respond Answering(std::string_view respond) {
  json::object rule{{"respond", json::parse(respond)}};
  return ParseRules(json::array{std::move(rule)}).value().front().respond;
}

Request Streamed(bool include_usage = false) {
  Request request;
  request.model = "m";
  request.stream = true;
  request.include_usage = include_usage;
  return request;
}

// The data of each event, without the ids and times.
std::vector<json::value> Events(const Content& content, std::string_view prefix = "data: ") {
  std::vector<json::value> events;
  for (const std::string& piece : content.pieces) {
    EXPECT_TRUE(piece.ends_with("\n\n")) << piece;
    const std::size_t at = piece.find(prefix);
    if (at == std::string::npos) {
      ADD_FAILURE() << piece;
      continue;
    }
    const std::string data =
        piece.substr(at + prefix.size(), piece.size() - at - prefix.size() - 2);
    events.push_back(data == "[DONE]" ? json::value("[DONE]") : json::parse(data));
  }
  return events;
}

TEST(DialectOf, KnowsThePaths) {
  EXPECT_EQ(OpenAi().name(), "openai-chat");
  EXPECT_EQ(DialectOf("/chat/completions"), &OpenAi());
  EXPECT_EQ(Anthropic().name(), "anthropic");
  EXPECT_EQ(DialectOf("/v1/responses")->name(), "openai-responses");
  EXPECT_EQ(DialectOf("/v1beta/models/m:generateContent")->name(), "gemini");
  EXPECT_EQ(DialectOf("/v1beta/models/m:streamGenerateContent")->name(), "gemini");
  EXPECT_EQ(DialectOf("/v1/embeddings"), nullptr);
}

TEST(Pieces, CutsBetweenCharacters) {
  EXPECT_TRUE(Pieces("").empty());
  EXPECT_EQ(Pieces("abcdef"), (std::vector<std::string_view>{"abcd", "ef"}));
  EXPECT_EQ(Pieces("abcé!"), (std::vector<std::string_view>{"abcé", "!"}));
  EXPECT_LE(Pieces(std::string(1 << 20, 'x')).size(), 64u);
}

TEST(OpenAi, AnswersAsChatCompletionsDoes) {
  Request request;
  request.model = "m";
  const Content content = OpenAi().Answer(
      request, Answering(R"({"text":"four","usage":{"prompt_tokens":9,"completion_tokens":1}})"));
  EXPECT_EQ(content.type, "application/json");
  json::value body = json::parse(content.pieces.at(0));
  EXPECT_TRUE(body.as_object()["id"].as_string().starts_with("chatcmpl-"));
  body.as_object().erase("id");
  EXPECT_EQ(body, json::parse(R"({"object":"chat.completion","created":1700000001,"model":"m",
      "choices":[{"index":0,"message":{"role":"assistant","content":"four","refusal":null,
                  "annotations":[]},"logprobs":null,"finish_reason":"stop"}],
      "service_tier":"default","system_fingerprint":"fp_touchstone",
      "usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10,
               "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},
               "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,
                   "accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}})"));
}

TEST(OpenAi, SendsToolCallsWithContentNull) {
  const Content content = OpenAi().Answer(
      {},
      Answering(R"({"tool_calls":[{"id":"c1","name":"f","arguments":"{\"x\":"}],"usage":null})"));
  const json::value body = json::parse(content.pieces.at(0));
  EXPECT_FALSE(body.as_object().contains("usage"));
  EXPECT_EQ(body.at("choices").at(0), json::parse(R"({"index":0,"message":{"role":"assistant",
      "content":null,"refusal":null,"annotations":[],"tool_calls":[{"id":"c1","type":"function",
      "function":{"name":"f","arguments":"{\"x\":"}}]},
      "logprobs":null,"finish_reason":"tool_calls"})"));
}

TEST(OpenAi, StreamsDeltasAndDone) {
  const std::vector<json::value> events =
      Events(OpenAi().Answer(Streamed(true), Answering(R"({"text":"abcdef"})")));
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].at("object"), "chat.completion.chunk");
  EXPECT_EQ(events[0].at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_TRUE(events[0].at("usage").is_null());
  EXPECT_EQ(events[1].at("choices").at(0).at("delta"), json::parse(R"({"content":"abcd"})"));
  EXPECT_TRUE(events[1].at("choices").at(0).at("finish_reason").is_null());
  EXPECT_EQ(events[2].at("choices").at(0).at("delta"), json::parse(R"({"content":"ef"})"));
  EXPECT_EQ(events[3].at("choices").at(0).at("delta"), json::object());
  EXPECT_EQ(events[3].at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(events[4].at("choices"), json::array());
  EXPECT_EQ(events[4].at("usage").at("total_tokens"), 10);
  EXPECT_EQ(events[5], "[DONE]");
}

TEST(OpenAi, StreamsNoUsageUnlessAsked) {
  const Content content = OpenAi().Answer(Streamed(), Answering(R"({"text":"a"})"));
  for (const std::string& piece : content.pieces) EXPECT_EQ(piece.find("usage"), std::string::npos);
}

TEST(OpenAi, StreamsToolCallsInPieces) {
  const std::vector<json::value> events = Events(OpenAi().Answer(
      Streamed(), Answering(R"({"tool_calls":[{"id":"c1","name":"f","arguments":"{\"a\":1}"}]})")));
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[1].at("choices").at(0).at("delta"),
            json::parse(R"({"tool_calls":[{"index":0,"id":"c1","type":"function",
                            "function":{"name":"f","arguments":""}}]})"));
  EXPECT_EQ(events[2].at("choices").at(0).at("delta"),
            json::parse(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]})"));
  EXPECT_EQ(events[3].at("choices").at(0).at("delta"),
            json::parse(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})"));
  EXPECT_EQ(events[4].at("choices").at(0).at("finish_reason"), "tool_calls");
}

TEST(OpenAi, SaysErrorsAsTheRealOne) {
  EXPECT_EQ(OpenAi().Error({}, 401, "").pieces.at(0),
            R"({"error":{"message":"Incorrect API key provided.","type":"invalid_request_error",)"
            R"("param":null,"code":"invalid_api_key"}})");
  const json::value slow = json::parse(OpenAi().Error({}, 429, "").pieces.at(0));
  EXPECT_EQ(slow.at("error").at("code"), "rate_limit_exceeded");
  const json::value down = json::parse(OpenAi().Error({}, 500, "words").pieces.at(0));
  EXPECT_EQ(down.at("error").at("type"), "server_error");
  EXPECT_EQ(down.at("error").at("message"), "words");
}

TEST(OpenAi, SaysEventsByteByByte) {
  const Content content = OpenAi().Answer(Streamed(), Answering(R"({"text":"a"})"));
  const std::string head = R"(data: {"id":"chatcmpl-)" +
                           StableId("chatcmpl-", Streamed()).substr(9) +
                           R"(","object":"chat.completion.chunk","created":1700000001,"model":"m",)"
                           R"("service_tier":"default","system_fingerprint":"fp_touchstone",)"
                           R"("choices":[{"index":0,"delta":)";
  EXPECT_EQ(
      content.pieces,
      (std::vector<std::string>{
          head +
              R"({"role":"assistant","content":"","refusal":null},"logprobs":null,)"
              R"("finish_reason":null}]})" +
              "\n\n",
          head + R"({"content":"a"},"logprobs":null,"finish_reason":null}]})" + "\n\n",
          head + R"({},"logprobs":null,"finish_reason":"stop"}]})" + "\n\n", "data: [DONE]\n\n"}));
}

using Headers = std::vector<std::pair<std::string, std::string>>;

Content RefusedAs(const Dialect& dialect, ErrorKind kind, std::optional<std::int64_t> wait = {}) {
  return dialect.Refuse(
      {}, {.status = dialect.StatusOf(kind), .kind = kind, .message = "", .retry_after_s = wait});
}

TEST(OpenAi, SaysHeadersAsTheRealOne) {
  const std::string id = StableId("req_", {});
  EXPECT_EQ(OpenAi().Answer({}, {}).headers, (Headers{{"openai-organization", "touchstone"},
                                                      {"openai-processing-ms", "81"},
                                                      {"openai-version", "2020-10-01"},
                                                      {"x-request-id", id},
                                                      {"x-ratelimit-limit-requests", "10000"},
                                                      {"x-ratelimit-limit-tokens", "2000000"},
                                                      {"x-ratelimit-remaining-requests", "9999"},
                                                      {"x-ratelimit-remaining-tokens", "1999990"},
                                                      {"x-ratelimit-reset-requests", "6ms"},
                                                      {"x-ratelimit-reset-tokens", "0s"}}));
  const Headers limited = RefusedAs(OpenAi(), ErrorKind::kRateLimit, 360).headers;
  ASSERT_EQ(limited.size(), 11u);
  EXPECT_EQ(limited[4].second, "3");
  EXPECT_EQ(limited[6].second, "0");
  EXPECT_EQ(limited[8],
            (std::pair<std::string, std::string>("x-ratelimit-reset-requests", "6m0s")));
  EXPECT_EQ(limited[10], (std::pair<std::string, std::string>("retry-after", "360")));
  EXPECT_EQ(RefusedAs(OpenAi(), ErrorKind::kRateLimit).headers[8].second, "20s");
  EXPECT_EQ(RefusedAs(OpenAi(), ErrorKind::kAuthentication).headers.size(), 4u);
}

TEST(OpenAi, HasAStatusAndWordsForEachKind) {
  struct Row {
    ErrorKind kind;
    int status;
    const char *type, *code;  // code "": null
  };
  for (const Row& row :
       {Row{ErrorKind::kInvalidRequest, 400, "invalid_request_error", ""},
        Row{ErrorKind::kAuthentication, 401, "invalid_request_error", "invalid_api_key"},
        Row{ErrorKind::kPermission, 403, "request_forbidden",
            "unsupported_country_region_territory"},
        Row{ErrorKind::kNotFound, 404, "invalid_request_error", "model_not_found"},
        Row{ErrorKind::kTooLarge, 413, "invalid_request_error", "request_too_large"},
        Row{ErrorKind::kContextLength, 400, "invalid_request_error", "context_length_exceeded"},
        Row{ErrorKind::kRateLimit, 429, "requests", "rate_limit_exceeded"},
        Row{ErrorKind::kQuota, 429, "insufficient_quota", "insufficient_quota"},
        Row{ErrorKind::kTimeout, 408, "timeout", ""},
        Row{ErrorKind::kServer, 500, "server_error", ""},
        Row{ErrorKind::kOverloaded, 503, "service_unavailable_error", "server_is_overloaded"}}) {
    EXPECT_EQ(OpenAi().StatusOf(row.kind), row.status) << row.code;
    const json::value error = json::parse(RefusedAs(OpenAi(), row.kind).pieces.at(0)).at("error");
    EXPECT_EQ(error.at("type"), row.type) << row.code;
    EXPECT_EQ(error.at("code").is_null() ? "" : error.at("code"), row.code);
    EXPECT_FALSE(error.at("message").as_string().empty());
    EXPECT_TRUE(error.as_object().contains("param"));
  }
}

TEST(OpenAi, SaysAnErrorInAStream) {
  EXPECT_EQ(
      OpenAi().ErrorEvent({}, {.status = 500, .kind = {}, .message = "", .retry_after_s = {}}, 0),
      "data: {\"error\":{\"message\":\"The server had an error while processing your "
      "request.\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n");
}

TEST(Anthropic, AnswersAsMessagesDoes) {
  Request request;
  request.model = "m";
  json::value body = json::parse(Anthropic()
                                     .Answer(request, Answering(R"({"text":"a","tool_calls":
      [{"id":"c1","name":"f","arguments":{"x":1}},{"id":"c2","name":"g","arguments":"{"}]})"))
                                     .pieces.at(0));
  EXPECT_TRUE(body.as_object()["id"].as_string().starts_with("msg_"));
  body.as_object().erase("id");
  EXPECT_EQ(body, json::parse(R"({"type":"message","role":"assistant","model":"m","content":[
      {"type":"text","text":"a"},{"type":"tool_use","id":"c1","name":"f","input":{"x":1}},
      {"type":"tool_use","id":"c2","name":"g","input":"{"}],"stop_reason":"tool_use",
      "stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,
      "cache_read_input_tokens":0,"output_tokens":3,"service_tier":"standard"}})"));
}

TEST(Anthropic, StreamsItsSequenceOfEvents) {
  const Content content = Anthropic().Answer(
      Streamed(),
      Answering(R"({"text":"abcdef","tool_calls":[{"id":"c","name":"f","arguments":"{}"}]})"));
  std::string types;
  for (const json::value& event : Events(content)) {
    types += std::string(event.at("type").as_string()) + " ";
  }
  EXPECT_EQ(types,
            "message_start content_block_start ping content_block_delta content_block_delta "
            "content_block_stop content_block_start content_block_delta content_block_stop "
            "message_delta message_stop ");
  EXPECT_TRUE(
      content.pieces.at(0).starts_with("event: message_start\ndata: {\"type\":\"message_start\""));
  EXPECT_EQ(content.pieces.at(3),
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            "\"delta\":{\"type\":\"text_delta\",\"text\":\"abcd\"}}\n\n");
}

TEST(Anthropic, SaysEventsByteByByte) {
  const Content content = Anthropic().Answer(
      Streamed(), Answering(R"({"tool_calls":[{"id":"c","name":"f","arguments":"{}"}]})"));
  const std::string id = StableId("msg_", Streamed());
  EXPECT_EQ(
      content.pieces,
      (std::vector<std::string>{
          "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"" + id +
              R"(","type":"message","role":"assistant","model":"m","content":[],)"
              R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,)"
              R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,)"
              R"("service_tier":"standard"}}})"
              "\n\n",
          "event: content_block_start\ndata: "
          R"({"type":"content_block_start","index":0,)"
          R"("content_block":{"type":"tool_use","id":"c","name":"f","input":{}}})"
          "\n\n",
          "event: ping\ndata: {\"type\":\"ping\"}\n\n",
          "event: content_block_delta\ndata: "
          R"({"type":"content_block_delta","index":0,)"
          R"("delta":{"type":"input_json_delta","partial_json":"{}"}})"
          "\n\n",
          "event: content_block_stop\ndata: "
          R"({"type":"content_block_stop","index":0})"
          "\n\n",
          "event: message_delta\ndata: "
          R"({"type":"message_delta","delta":{"stop_reason":)"
          R"("tool_use","stop_sequence":null},"usage":{"output_tokens":3}})"
          "\n\n",
          "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"}));
}

TEST(Anthropic, SaysHeadersWithTimesThatDoNotDependOnNow) {
  const Headers headers = RefusedAs(Anthropic(), ErrorKind::kRateLimit, 9).headers;
  const std::string reset = "2023-11-14T22:13:30Z";  // 1700000001 + 9
  ASSERT_EQ(headers.size(), 15u);
  EXPECT_EQ(headers[14], (std::pair<std::string, std::string>("retry-after", "9")));
  EXPECT_EQ(headers[1].first, "request-id");
  EXPECT_EQ(headers[2].first, "anthropic-ratelimit-requests-limit");
  EXPECT_EQ(headers[3],
            (std::pair<std::string, std::string>("anthropic-ratelimit-requests-remaining", "0")));
  EXPECT_EQ(headers[4],
            (std::pair<std::string, std::string>("anthropic-ratelimit-requests-reset", reset)));
  EXPECT_EQ(headers[13], (std::pair<std::string, std::string>(
                             "anthropic-ratelimit-output-tokens-reset", reset)));
  EXPECT_EQ(Anthropic().Answer({}, {}).headers[4].second, "2023-11-14T22:13:21Z");
  EXPECT_EQ(RefusedAs(Anthropic(), ErrorKind::kAuthentication).headers.size(), 2u);
}

TEST(Anthropic, HasAStatusAndTypeForEachKind) {
  struct Row {
    ErrorKind kind;
    int status;
    const char* type;
  };
  for (const Row& row :
       {Row{ErrorKind::kInvalidRequest, 400, "invalid_request_error"},
        Row{ErrorKind::kAuthentication, 401, "authentication_error"},
        Row{ErrorKind::kPermission, 403, "permission_error"},
        Row{ErrorKind::kNotFound, 404, "not_found_error"},
        Row{ErrorKind::kTooLarge, 413, "request_too_large"},
        Row{ErrorKind::kContextLength, 400, "invalid_request_error"},
        Row{ErrorKind::kRateLimit, 429, "rate_limit_error"},
        Row{ErrorKind::kQuota, 400, "invalid_request_error"},
        Row{ErrorKind::kTimeout, 504, "timeout_error"}, Row{ErrorKind::kServer, 500, "api_error"},
        Row{ErrorKind::kOverloaded, 529, "overloaded_error"}}) {
    EXPECT_EQ(Anthropic().StatusOf(row.kind), row.status) << row.type;
    const json::value body = json::parse(RefusedAs(Anthropic(), row.kind).pieces.at(0));
    EXPECT_EQ(body.at("error").at("type"), row.type);
  }
}

TEST(Anthropic, SaysAnErrorInAStream) {
  EXPECT_EQ(Anthropic().ErrorEvent(
                {}, {.status = 529, .kind = {}, .message = "", .retry_after_s = {}}, 0),
            R"(event: error)"
            "\n"
            R"(data: {"type":"error","error":{"type":"overloaded_error",)"
            R"("message":"Overloaded"},"request_id":")" +
                StableId("req_", {}) + "\"}\n\n");
}

TEST(Anthropic, SaysErrorsAsTheRealOne) {
  const json::value error = json::parse(Anthropic().Error({}, 529, "").pieces.at(0));
  EXPECT_EQ(error.at("type"), "error");
  EXPECT_EQ(error.at("error"),
            json::parse(R"({"type":"overloaded_error","message":"Overloaded"})"));
  EXPECT_TRUE(error.at("request_id").as_string().starts_with("req_"));
}

TEST(ErrorKindOf, KnowsTheNamesOfAllServices) {
  EXPECT_EQ(ErrorKindOf("invalid_api_key"), ErrorKind::kAuthentication);
  EXPECT_EQ(ErrorKindOf("authentication_error"), ErrorKind::kAuthentication);
  EXPECT_EQ(ErrorKindOf("insufficient_quota"), ErrorKind::kQuota);
  EXPECT_EQ(ErrorKindOf("overloaded_error"), ErrorKind::kOverloaded);
  EXPECT_EQ(ErrorKindOf("overloaded"), std::nullopt);
  EXPECT_TRUE(KnownErrorKinds().starts_with("invalid_request_error, invalid_api_key, "));
  EXPECT_TRUE(KnownErrorKinds().ends_with(", server_is_overloaded, overloaded_error"));
}

}  // namespace
}  // namespace touchstone::provider
