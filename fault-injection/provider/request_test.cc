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
