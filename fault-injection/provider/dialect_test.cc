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
      "choices":[{"index":0,"message":{"role":"assistant","content":"four","refusal":null},
                  "logprobs":null,"finish_reason":"stop"}],
      "usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}})"));
}

TEST(OpenAi, SendsToolCallsWithContentNull) {
  const Content content = OpenAi().Answer(
      {},
      Answering(R"({"tool_calls":[{"id":"c1","name":"f","arguments":"{\"x\":"}],"usage":null})"));
  const json::value body = json::parse(content.pieces.at(0));
  EXPECT_FALSE(body.as_object().contains("usage"));
  EXPECT_EQ(body.at("choices").at(0), json::parse(R"({"index":0,"message":{"role":"assistant",
      "content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function",
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
      "stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}})"));
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

TEST(Anthropic, SaysErrorsAsTheRealOne) {
  const json::value error = json::parse(Anthropic().Error({}, 529, "").pieces.at(0));
  EXPECT_EQ(error.at("type"), "error");
  EXPECT_EQ(error.at("error"),
            json::parse(R"({"type":"overloaded_error","message":"Overloaded"})"));
  EXPECT_TRUE(error.at("request_id").as_string().starts_with("req_"));
}

}  // namespace
}  // namespace touchstone::provider
