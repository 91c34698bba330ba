#include "fault-injection/provider/models.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

std::string Body(const Probe& probe) {
  const ProbeAnswer answer = AnswerProbe(probe);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content.type, "application/json");
  return answer.content.pieces.at(0);
}

TEST(AnswerProbe, ListsModelsInTheFormOfTheService) {
  EXPECT_EQ(Body({.lane = "", .path = "/v1/models"}),
            R"({"object":"list","data":[{"id":"mock-model","object":"model",)"
            R"("created":1700000000,"owned_by":"touchstone"}]})");
  EXPECT_EQ(Body({.lane = "", .path = "/v1/models", .anthropic = true}),
            R"({"data":[{"type":"model","id":"mock-model","display_name":"mock-model",)"
            R"("created_at":"2023-11-14T22:13:20Z"}],"has_more":false,"first_id":"mock-model",)"
            R"("last_id":"mock-model"})");
  EXPECT_EQ(Body({.lane = "", .path = "/v1beta/models"}),
            R"({"models":[{"name":"models/mock-model","version":"001","displayName":"mock-model",)"
            R"("inputTokenLimit":1048576,"outputTokenLimit":8192,)"
            R"("supportedGenerationMethods":["generateContent"]}]})");
}

TEST(AnswerProbe, TellsOneModel) {
  EXPECT_EQ(Body({.lane = "", .path = "/v1/models/gpt-x"}),
            R"({"id":"gpt-x","object":"model","created":1700000000,"owned_by":"touchstone"})");
  EXPECT_EQ(Body({.lane = "", .path = "/v1/models/c", .anthropic = true}),
            R"({"type":"model","id":"c","display_name":"c","created_at":"2023-11-14T22:13:20Z"})");
  EXPECT_TRUE(Body({.lane = "", .path = "/v1beta/models/g"}).starts_with(R"({"name":"models/g")"));
}

TEST(AnswerProbe, RefusesInTheFormOfTheService) {
  const ProbeAnswer upgrade = AnswerProbe({.lane = "", .path = "/v1/responses", .upgrade = true});
  EXPECT_EQ(upgrade.status, 426);
  EXPECT_EQ(upgrade.content.headers.back(),
            (std::pair<std::string, std::string>("Upgrade", "HTTP/1.1")));
  const ProbeAnswer openai = AnswerProbe({.lane = "", .path = "/favicon.ico"});
  EXPECT_EQ(openai.status, 404);
  EXPECT_EQ(openai.content.pieces.at(0),
            R"({"error":{"message":"There is nothing to get here.",)"
            R"("type":"invalid_request_error","param":null,"code":"model_not_found"}})");
  const ProbeAnswer anthropic = AnswerProbe({.lane = "", .path = "/v1/messages"});
  EXPECT_EQ(boost::json::parse(anthropic.content.pieces.at(0)).at("error").at("type"),
            "not_found_error");
  const ProbeAnswer gemini = AnswerProbe({.lane = "", .path = "/v1beta/models/g:generateContent"});
  EXPECT_EQ(boost::json::parse(gemini.content.pieces.at(0)).at("error").at("status"), "NOT_FOUND");
}

TEST(AnswerProbe, FindsAnythingOnHead) {
  const ProbeAnswer answer = AnswerProbe({.lane = "", .path = "/", .head = true});
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.content.pieces.empty());
}

}  // namespace
}  // namespace touchstone::provider
