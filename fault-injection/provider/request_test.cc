#include "fault-injection/provider/request.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

Request Read(std::string_view body) {
  Call call;
  call.number = 1;
  call.json = boost::json::parse(body);
  return Understand("lane", call);
}

TEST(Understand, ReadsModelStreamAndUsage) {
  const Request request =
      Read(R"({"model":"m","stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_FALSE(Read(R"({"stream":false})").stream);
}

TEST(Understand, FindsTheLastUserMessage) {
  EXPECT_EQ(Read(R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},
                                 {"role":"assistant","content":"c"}]})")
                .last_user_text,
            "b");
  EXPECT_EQ(Read(R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},
                     {"type":"image_url"},{"type":"text","text":"b"}]}]})")
                .last_user_text,
            "ab");
}

TEST(Understand, PassesOverMessagesOfOnlyToolResults) {
  EXPECT_EQ(Read(R"({"messages":[{"role":"user","content":"a"},
                     {"role":"user","content":[{"type":"tool_result","content":"b"}]}]})")
                .last_user_text,
            "a");
}

Request ReadAt(std::string_view path, std::string_view body) {
  Call call;
  call.path = path;
  call.json = boost::json::parse(body);
  return Understand("lane", call);
}

TEST(Understand, ReadsResponses) {
  const Request one = ReadAt("/v1/responses", R"({"model":"m","stream":true,"input":"hi"})");
  EXPECT_EQ(one.last_user_text, "hi");
  EXPECT_EQ(one.turns, 1);
  EXPECT_EQ(one.model, "m");
  EXPECT_TRUE(one.stream);
  const Request list = ReadAt("/v1/responses?x=1", R"({"instructions":"be brief","input":[
      {"role":"developer","content":"d"},
      {"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image"}]},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},
      {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
      {"type":"function_call_output","call_id":"c","output":"o"}]})");
  EXPECT_EQ(list.last_user_text, "a");
  EXPECT_EQ(list.texts, (std::vector<std::string>{"be brief", "d", "a", "b"}));
  EXPECT_EQ(list.turns, 4);
}

TEST(Understand, ReadsGeminiFromPathAndBody) {
  const Request one = ReadAt("/v1beta/models/gemini-x:generateContent",
                             R"({"systemInstruction":{"parts":[{"text":"s"}]},"contents":[
      {"role":"user","parts":[{"text":"a"},{"text":"b"}]},
      {"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},
      {"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}],
      "tools":[{"functionDeclarations":[]}]})");
  EXPECT_EQ(one.model, "gemini-x");
  EXPECT_FALSE(one.stream);
  EXPECT_EQ(one.last_user_text, "ab");
  EXPECT_EQ(one.texts, (std::vector<std::string>{"s", "ab"}));
  EXPECT_EQ(one.turns, 3);
  EXPECT_TRUE(one.tools);
  const Request events = ReadAt("/v1beta/models/m:streamGenerateContent?alt=sse",
                                R"({"contents":[{"parts":[{"text":"no role"}]}]})");
  EXPECT_TRUE(events.stream && events.sse);
  EXPECT_EQ(events.last_user_text, "no role");
  const Request list = ReadAt("/v1beta/models/m:streamGenerateContent?key=k&alt=ssex", "{}");
  EXPECT_TRUE(list.stream);
  EXPECT_FALSE(list.sse);
}

TEST(Understand, SurvivesOtherShapesOfEachDialect) {
  for (const char* path : {"/v1/responses", "/m:generateContent", ":streamGenerateContent"}) {
    for (const char* body : {"[]", "1", R"({"input":1,"contents":1})",
                             R"({"input":[1,{"content":[1,[]]}],"contents":[1,{"parts":{}}]})",
                             R"({"instructions":[],"systemInstruction":3})"}) {
      EXPECT_EQ(ReadAt(path, body).last_user_text, std::nullopt) << path << body;
    }
  }
}

TEST(Understand, SurvivesOtherShapes) {
  for (const char* body :
       {"[]", "1", "{}", R"({"messages":{}})", R"({"messages":[1,{"role":"user"}]})",
        R"({"model":1,"stream":"yes","stream_options":[]})"}) {
    const Request request = Read(body);
    EXPECT_EQ(request.last_user_text, std::nullopt) << body;
    EXPECT_EQ(request.model, "") << body;
    EXPECT_FALSE(request.stream || request.include_usage) << body;
  }
  EXPECT_EQ(Understand("lane", Call{}).model, "");
}

TEST(StableId, DependsOnLaneAndNumberAlone) {
  Request a;
  a.lane = "x";
  Request b = a;
  EXPECT_EQ(StableId("p-", a), StableId("p-", b));
  EXPECT_EQ(StableId("p-", a).size(), 26u);
  b.number = 2;
  EXPECT_NE(StableId("p-", a), StableId("p-", b));
  b = a;
  b.lane = "y";
  EXPECT_NE(StableId("p-", a), StableId("p-", b));
}

}  // namespace
}  // namespace touchstone::provider
