#include "fault-injection/provider/responses.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

namespace json = boost::json;

Request Asked(bool stream) {
  Request request;
  request.model = "m";
  request.stream = stream;
  return request;
}

Respond WithText(std::string text) {
  Respond respond;
  respond.text = std::move(text);
  return respond;
}

Respond WithCall() {
  Respond respond;
  respond.tool_calls = {{"call_1", "f", R"({"a":1})"}};
  return respond;
}

json::value Answer(const Respond& respond) {
  const Content content = Responses().Answer(Asked(false), respond);
  EXPECT_EQ(content.type, "application/json");
  return json::parse(content.pieces.at(0));
}

// Types and data of the events; each says its type twice and its place in the sequence.
std::vector<json::value> Events(const Respond& respond) {
  const Content content = Responses().Answer(Asked(true), respond);
  EXPECT_EQ(content.type, "text/event-stream; charset=utf-8");
  std::vector<json::value> events;
  for (const std::string& piece : content.pieces) {
    const std::size_t line = piece.find('\n');
    const json::value data = json::parse(piece.substr(line + 7));
    const std::string type(data.at("type").as_string());
    EXPECT_EQ(piece.substr(0, line + 7), "event: " + type + "\ndata: ");
    EXPECT_EQ(data.at("sequence_number").to_number<std::size_t>(), events.size());
    events.push_back(data);
  }
  return events;
}

std::string Types(const std::vector<json::value>& events) {
  std::string types;
  for (const json::value& event : events) types += std::string(event.at("type").as_string()) + " ";
  return types;
}

TEST(Responses, AnswersByteByByte) {
  const Content content = Responses().Answer(Asked(false), WithText("four"));
  EXPECT_EQ(content.pieces.at(0),
            R"({"id":")" + StableId("resp_", Asked(false)) +
                R"(","object":"response","created_at":1700000001,"status":"completed",)"
                R"("background":false,"error":null,"incomplete_details":null,"instructions":null,)"
                R"("max_output_tokens":null,"model":"m","output":[{"id":")" +
                StableId("msg_", Asked(false)) +
                R"(","type":"message","status":"completed","content":[{"type":"output_text",)"
                R"("annotations":[],"logprobs":[],"text":"four"}],"role":"assistant"}],)"
                R"("parallel_tool_calls":true,"previous_response_id":null,)"
                R"("reasoning":{"effort":null,"summary":null},"service_tier":"default",)"
                R"("store":true,"temperature":1E0,"text":{"format":{"type":"text"}},)"
                R"("tool_choice":"auto","tools":[],"top_p":1E0,"truncation":"disabled",)"
                R"("usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":0},)"
                R"("output_tokens":3,"output_tokens_details":{"reasoning_tokens":0},)"
                R"("total_tokens":10},"user":null,"metadata":{}})");
}

TEST(Responses, AnswersWithFunctionCalls) {
  const json::value output = Answer(WithCall()).at("output");
  EXPECT_EQ(output, json::parse(R"([{"id":")" + StableId("fc_", Asked(false), "call_1") +
                                R"(","type":"function_call","status":"completed",)"
                                R"("arguments":"{\"a\":1}","call_id":"call_1","name":"f"}])"));
}

TEST(Responses, SaysWhyItIsIncomplete) {
  Respond respond = WithText("a");
  respond.finish_reason = "length";
  const json::value answer = Answer(respond);
  EXPECT_EQ(answer.at("status"), "incomplete");
  EXPECT_EQ(answer.at("incomplete_details"), json::parse(R"({"reason":"max_output_tokens"})"));
  EXPECT_EQ(Events(respond).back().at("type"), "response.incomplete");
}

TEST(Responses, StreamsTextInItsSequence) {
  const auto events = Events(WithText("abcdef"));
  EXPECT_EQ(Types(events),
            "response.created response.in_progress response.output_item.added "
            "response.content_part.added response.output_text.delta response.output_text.delta "
            "response.output_text.done response.content_part.done response.output_item.done "
            "response.completed ");
  const std::string id = StableId("msg_", Asked(true));
  EXPECT_EQ(events[0].at("response").at("status"), "in_progress");
  EXPECT_TRUE(events[0].at("response").at("usage").is_null());
  EXPECT_EQ(events[2], json::parse(R"({"type":"response.output_item.added","sequence_number":2,
      "output_index":0,"item":{"id":")" +
                                   id + R"(","type":"message","status":"in_progress",
      "content":[],"role":"assistant"}})"));
  EXPECT_EQ(events[5], json::parse(R"({"type":"response.output_text.delta","sequence_number":5,
      "item_id":")" + id + R"(","output_index":0,"content_index":0,"delta":"ef","logprobs":[]})"));
  EXPECT_EQ(events[6].at("text"), "abcdef");
  EXPECT_EQ(events[7].at("part").at("text"), "abcdef");
  EXPECT_EQ(events[9].at("response"),
            json::parse(Responses().Answer(Asked(false), WithText("abcdef")).pieces.at(0)));
}

TEST(Responses, StreamsFunctionCallsInPieces) {
  const auto events = Events(WithCall());
  EXPECT_EQ(Types(events),
            "response.created response.in_progress response.output_item.added "
            "response.function_call_arguments.delta response.function_call_arguments.delta "
            "response.function_call_arguments.done response.output_item.done response.completed ");
  EXPECT_EQ(events[2].at("item").at("arguments"), "");
  EXPECT_EQ(events[2].at("item").at("call_id"), "call_1");
  EXPECT_EQ(events[3].at("delta"), "{\"a\"");
  EXPECT_EQ(events[5].at("arguments"), "{\"a\":1}");
  EXPECT_EQ(events[6].at("item").at("status"), "completed");
}

TEST(Responses, SaysErrorsAsTheRealOne) {
  EXPECT_EQ(Responses().Error({}, 401, "").pieces.at(0),
            R"({"error":{"message":"Incorrect API key provided.","type":"invalid_request_error",)"
            R"("param":null,"code":"invalid_api_key"}})");
  EXPECT_EQ(Responses().ErrorEvent(
                {}, {.status = 500, .kind = {}, .message = "words", .retry_after_s = {}}, 4),
            "event: error\ndata: {\"type\":\"error\",\"sequence_number\":4,"
            "\"code\":\"server_error\",\"message\":\"words\",\"param\":null}\n\n");
}

}  // namespace
}  // namespace touchstone::provider
