#include "fault-injection/provider/gemini.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

namespace json = boost::json;

Request Asked(bool stream, bool sse = true) {
  Request request;
  request.model = "m";
  request.stream = stream;
  request.sse = sse;
  return request;
}

Respond WithText(std::string text) {
  Respond respond;
  respond.text = std::move(text);
  return respond;
}

constexpr std::string_view kUsage =
    R"("usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10,)"
    R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":7}]},"modelVersion":"m",)";

std::string Tail() {
  return std::string(kUsage) + R"("responseId":")" + StableId("", Asked(false)) + "\"}";
}

std::string Chunk(std::string_view text, std::string_view finish = "") {
  return R"({"candidates":[{"content":{"parts":[{"text":")" + std::string(text) +
         R"("}],"role":"model"},)" + std::string(finish) + R"("index":0}],)" + Tail();
}

TEST(Gemini, AnswersByteByByte) {
  const Content content = Gemini().Answer(Asked(false), WithText("four"));
  EXPECT_EQ(content.type, "application/json; charset=UTF-8");
  EXPECT_EQ(content.pieces, std::vector<std::string>{Chunk("four", R"("finishReason":"STOP",)")});
}

TEST(Gemini, AnswersWithFunctionCalls) {
  Respond respond;
  respond.tool_calls = {{"c1", "f", R"({"a":1})"}, {"c2", "g", "{"}};
  const json::value body = json::parse(Gemini().Answer(Asked(false), respond).pieces.at(0));
  EXPECT_EQ(body.at("candidates").at(0).at("content").at("parts"),
            json::parse(R"([{"functionCall":{"id":"c1","name":"f","args":{"a":1}}},
                            {"functionCall":{"id":"c2","name":"g","args":"{"}}])"));
  EXPECT_EQ(body.at("candidates").at(0).at("finishReason"), "STOP");
  respond.finish_reason = "length";
  EXPECT_EQ(json::parse(Gemini().Answer(Asked(false), respond).pieces.at(0))
                .at("candidates")
                .at(0)
                .at("finishReason"),
            "MAX_TOKENS");
}

TEST(Gemini, StreamsEventsWhoseLastOneFinishes) {
  const Content content = Gemini().Answer(Asked(true), WithText("abcdef"));
  EXPECT_EQ(content.type, "text/event-stream");
  EXPECT_EQ(content.pieces,
            (std::vector<std::string>{
                "data: " + Chunk("abcd") + "\r\n\r\n", "data: " + Chunk("ef") + "\r\n\r\n",
                "data: " + Chunk("", R"("finishReason":"STOP",)") + "\r\n\r\n"}));
}

TEST(Gemini, StreamsAListWithoutAltSse) {
  const Content content = Gemini().Answer(Asked(true, false), WithText("abcdef"));
  EXPECT_EQ(content.type, "application/json; charset=UTF-8");
  std::string all;
  for (const std::string& piece : content.pieces) all += piece;
  const json::value list = json::parse(all);
  ASSERT_EQ(list.as_array().size(), 3u);
  EXPECT_EQ(list.at(0), json::parse(Chunk("abcd")));
  EXPECT_EQ(content.pieces.back(), "\n]\n");
}

TEST(Gemini, SaysErrorsAsTheRealOne) {
  EXPECT_EQ(Gemini().Error({}, 503, "").pieces.at(0),
            R"({"error":{"code":503,"message":"The model is overloaded. Please try again later.",)"
            R"("status":"UNAVAILABLE"}})");
  EXPECT_EQ(
      Gemini().ErrorEvent({}, {.status = 500, .kind = {}, .message = "", .retry_after_s = {}}, 0),
      "data: {\"error\":{\"code\":500,\"message\":\"An internal error has occurred. Please "
      "retry.\",\"status\":\"INTERNAL\"}}\r\n\r\n");
  const auto refused = [](ErrorKind kind) {
    return json::parse(Gemini()
                           .Refuse({}, {.status = Gemini().StatusOf(kind),
                                        .kind = kind,
                                        .message = "",
                                        .retry_after_s = 7})
                           .pieces.at(0))
        .at("error");
  };
  struct Row {
    ErrorKind kind;
    int status;
    const char* name;
  };
  for (const Row& row : {Row{ErrorKind::kInvalidRequest, 400, "INVALID_ARGUMENT"},
                         Row{ErrorKind::kAuthentication, 400, "INVALID_ARGUMENT"},
                         Row{ErrorKind::kPermission, 403, "PERMISSION_DENIED"},
                         Row{ErrorKind::kNotFound, 404, "NOT_FOUND"},
                         Row{ErrorKind::kTooLarge, 413, "INVALID_ARGUMENT"},
                         Row{ErrorKind::kContextLength, 400, "INVALID_ARGUMENT"},
                         Row{ErrorKind::kRateLimit, 429, "RESOURCE_EXHAUSTED"},
                         Row{ErrorKind::kQuota, 429, "RESOURCE_EXHAUSTED"},
                         Row{ErrorKind::kTimeout, 504, "DEADLINE_EXCEEDED"},
                         Row{ErrorKind::kServer, 500, "INTERNAL"},
                         Row{ErrorKind::kOverloaded, 503, "UNAVAILABLE"}}) {
    EXPECT_EQ(Gemini().StatusOf(row.kind), row.status) << row.name;
    EXPECT_EQ(refused(row.kind).at("code"), row.status);
    EXPECT_EQ(refused(row.kind).at("status"), row.name);
  }
  EXPECT_EQ(refused(ErrorKind::kAuthentication).at("details").at(0).at("reason"),
            "API_KEY_INVALID");
  EXPECT_EQ(refused(ErrorKind::kRateLimit).at("details").at(0).at("retryDelay"), "7s");
}

}  // namespace
}  // namespace touchstone::provider
