// Both dialects alone: what is sent, and what is read from an answer.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reference-host/provider/anthropic.h"
#include "reference-host/provider/openai.h"

namespace refhost {
namespace {

using Json = nlohmann::json;

const ProviderConfig kConfig = {ProviderKind::kAnthropic, "m", "key", "http://127.0.0.1:1"};
const ProviderSettings kSettings = {1000, {{"run_command", "runs", R"({"type":"object"})"}}};
const std::vector<Message> kTranscript = {
    {Role::kSystem, "be kind"},
    {Role::kUser, "hi"},
    {Role::kAssistant, "", {{"1", "f", R"({"a":1})"}, {"2", "g", "no json"}}},
    {Role::kTool, "one", {}, "1"},
    {Role::kTool, "two \"quoted\"", {}, "2"},
    {Role::kAssistant, "fine"},
    {Role::kUser, "more"}};

TEST(AnthropicDialect, RolesAlternateAndResultsTravelTogether) {
  const Json body = Json::parse(AnthropicProvider(kConfig, kSettings).Body(kTranscript));
  EXPECT_EQ(body["system"], "be kind");
  EXPECT_TRUE(body["max_tokens"].is_number_integer());
  EXPECT_EQ(body["tools"][0]["name"], "run_command");
  const Json& messages = body["messages"];
  ASSERT_EQ(messages.size(), 5u) << messages;
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i]["role"], i % 2 ? "assistant" : "user");
  }
  EXPECT_EQ(messages[1]["content"][0]["input"]["a"], 1);
  EXPECT_EQ(messages[1]["content"][1]["input"], Json::object());
  EXPECT_EQ(messages[2]["content"][0]["tool_use_id"], "1");
  EXPECT_EQ(messages[2]["content"][1]["content"], "two \"quoted\"");
}

TEST(AnthropicDialect, ReadsTextUsesAndUsage) {
  const auto answer = ReadAnthropicAnswer(
      R"({"content":[{"type":"thinking","thinking":"?"},{"type":"text","text":"a"},)"
      R"({"type":"tool_use","id":"t","name":"f","input":{"b":[1]}},{"type":"text","text":"b"}],)"
      R"("usage":{"input_tokens":5,"output_tokens":6}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, "ab");
  EXPECT_EQ(answer->usage->total(), 11);
  ASSERT_EQ(answer->calls.size(), 1u);
  EXPECT_EQ(answer->calls[0].arguments, R"({"b":[1]})");
  for (const char* bad :
       {"", "[]", "{}", R"({"content":[]})", R"({"content":"x"})",
        R"({"content":[{"type":"text","text":" "}]})", R"({"content":[{"type":"tool_use"}]})",
        R"({"content":[{"type":"tool_use","id":1,"name":"f","input":{}}]})"}) {
    const auto none = ReadAnthropicAnswer(bad);
    ASSERT_FALSE(none) << bad;
    EXPECT_EQ(none.error().fault, ProviderFault::kDown);
  }
}

TEST(OpenAiDialect, CallsAndResultsKeepTheirIds) {
  const Json body = Json::parse(OpenAiProvider(kConfig, kSettings).Body(kTranscript));
  const Json& messages = body["messages"];
  ASSERT_EQ(messages.size(), 7u);
  EXPECT_TRUE(messages[2]["content"].is_null());
  EXPECT_EQ(messages[2]["tool_calls"][1]["function"]["arguments"], "no json");
  EXPECT_EQ(messages[4]["role"], "tool");
  EXPECT_EQ(messages[4]["tool_call_id"], "2");
  EXPECT_EQ(body["tools"][0]["function"]["parameters"]["type"], "object");
}

TEST(OpenAiDialect, ReadsCalls) {
  const auto wrap = [](const std::string& message) {
    return ReadOpenAiAnswer(R"({"choices":[{"message":)" + message + "}]}");
  };
  const auto answer = wrap(
      R"({"content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->calls[0].id, "c");
  EXPECT_TRUE(wrap(R"({"content":"x","tool_calls":null})")->calls.empty());
  for (const char* bad :
       {R"({"content":null,"tool_calls":[]})", R"({"tool_calls":[{"id":"c"}]})",
        R"({"tool_calls":[{"function":{"name":"f"}}]})", R"({"content":"x","tool_calls":{}})",
        R"({"content":"x","tool_calls":[7]})"}) {
    const auto none = wrap(bad);
    ASSERT_FALSE(none) << bad;
    EXPECT_EQ(none.error().fault, ProviderFault::kDown);
  }
}

}  // namespace
}  // namespace refhost
