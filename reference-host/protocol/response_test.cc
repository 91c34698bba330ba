#include "reference-host/protocol/response.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

using Json = nlohmann::json;

TEST(Response, FinalHasAllFields) {
  Final final;
  final.request_id = std::string("r\0\"\\\n", 5);
  final.session_id = "s";
  final.text = "caf\u00e9 \U0001F600 \x01";
  final.usage = {3, 4};
  const Json json = Json::parse(FormatTyped(final, 99));
  EXPECT_EQ(json["protocol_version"], 1);
  EXPECT_EQ(json["request_id"], final.request_id);
  EXPECT_EQ(json["text"], final.text);
  EXPECT_EQ(json["usage"]["total_tokens"], 7);
  EXPECT_EQ(json["ts_ms"], 99);
  EXPECT_TRUE(json["error"].is_null());
  EXPECT_FALSE(json.contains("replayed"));
}

TEST(Response, BusyCarriesItsHttpStatus) {
  const Refusal busy{"r", std::nullopt, {ErrorCode::kBusy, "full"}};
  const Json json = Json::parse(FormatTyped(busy, 0));
  EXPECT_EQ(json["error"]["http_status"], 429);
  EXPECT_EQ(json["error"]["retryable"], true);
  EXPECT_TRUE(json["session_id"].is_null());
  EXPECT_EQ(Json::parse(FormatFlat(busy))["session_id"], "");
}

TEST(Response, FlatShapeOfACanceledRunIsInternal) {
  Final final;
  final.status = FinalStatus::kCanceled;
  final.text = "never shown";
  const Json json = Json::parse(FormatFlat(final));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["text"], "");
  EXPECT_EQ(json["error_code"], "INTERNAL");
}

TEST(JsonText, ReplacesOnlyWhatIsNoUtf8) {
  for (const char* good : {"", "a", "caf\u00e9", "\uFFFF", "\U0010FFFF", "\uD7FF\uE000"}) {
    EXPECT_EQ(ReplaceBadUtf8(good), good);
  }
  EXPECT_EQ(ReplaceBadUtf8("a\xff\xc0\x80z"), "a???z");
  EXPECT_EQ(ReplaceBadUtf8("\xed\xa0\x80"), "???");
  EXPECT_EQ(ReplaceBadUtf8("\xf4\x90\x80\x80"), "????");
  EXPECT_EQ(ReplaceBadUtf8("\xe2\x82"), "??");
}

TEST(JsonText, RepairsOnlyUnpairedSurrogates) {
  const auto repair = [](const char* text) { return RepairSurrogateEscapes(text); };
  EXPECT_EQ(repair(R"("\ud83d\ude00")"), R"("\ud83d\ude00")");
  EXPECT_EQ(repair(R"("\ud800")"), R"("\uFFFD")");
  EXPECT_EQ(repair(R"("\udc00x\ud800\ud83d\ude00")"), R"("\uFFFDx\uFFFD\ud83d\ude00")");
  EXPECT_EQ(repair(R"("\\ud800")"), R"("\\ud800")");
  EXPECT_EQ(repair(R"("\)"), R"("\)");
}

}  // namespace
}  // namespace refhost
