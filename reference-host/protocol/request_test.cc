#include "reference-host/protocol/request.h"

#include <gtest/gtest.h>

namespace refhost {
namespace {

// A good run; `extra` is added to the object, with a comma before it.
std::string RunLine(const std::string& extra = "") {
  return R"({"protocol_version":1,"type":"run","request_id":"r","session_id":"s","prompt":"p",)"
         R"("idempotency_key":"k")" +
         extra + "}";
}

std::string Refusal(const std::string& line) {
  auto request = ParseRequest(line);
  return request ? "" : request.error().message;
}

TEST(Request, ReadsARun) {
  auto request = ParseRequest(RunLine(R"(,"timeout_ms":5,"stream":true,"ts_ms":-7,"metadata":{})"));
  ASSERT_TRUE(request);
  const auto& run = std::get<RunRequest>(*request);
  EXPECT_EQ(run.head.request_id, "r");
  EXPECT_EQ(run.session_id, "s");
  EXPECT_EQ(run.prompt, "p");
  EXPECT_EQ(run.idempotency_key, "k");
  EXPECT_EQ(run.timeout_ms, 5);
  EXPECT_EQ(run.head.ts_ms, -7);
  EXPECT_TRUE(run.stream);
}

TEST(Request, NullCountsAsAbsent) {
  EXPECT_EQ(Refusal(RunLine(R"(,"timeout_ms":null,"stream":null,"metadata":null,"agent":null)")),
            "");
  EXPECT_NE(Refusal(R"({"protocol_version":null,"type":"ping","request_id":"r"})"), "");
}

TEST(Request, RefusesWrongTypesAndRanges) {
  for (const char* extra :
       {R"("timeout_ms":0)", R"("timeout_ms":-1)", R"("timeout_ms":1.5)", R"("timeout_ms":"5")",
        R"("timeout_ms":1e30)", R"("timeout_ms":1e0)", R"("timeout_ms":1.0)",
        R"("timeout_ms":86400001)", R"("timeout_ms":18446744073709551616)", R"("timeout_ms":true)",
        R"("stream":"yes")", R"("stream":1)", R"("metadata":[])", R"("metadata":"x")",
        R"("ts_ms":"now")", R"("ts_ms":1.0)", R"("channel_id":1)", R"("agent":{})"}) {
    EXPECT_NE(Refusal(RunLine(std::string(",") + extra)), "") << extra;
  }
  for (const char* version : {"2", "1.0", "1e0", "\"1\"", "true", "[1]"}) {
    EXPECT_NE(Refusal(std::string(R"({"type":"ping","request_id":"r","protocol_version":)") +
                      version + "}"),
              "")
        << version;
  }
}

TEST(Request, RefusesBlanksButKeepsIdsUntrimmed) {
  const std::string blank =
      R"({"protocol_version":1,"type":"run","request_id":" r ","session_id":" \t",)"
      R"("prompt":"p","idempotency_key":"k"})";
  auto request = ParseRequest(blank);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().request_id, " r ");
  EXPECT_EQ(request.error().session_id, " \t");
  auto ping = ParseRequest(R"({"protocol_version":1,"type":"ping","request_id":" a\u0000b "})");
  ASSERT_TRUE(ping);
  EXPECT_EQ(std::get<PingRequest>(*ping).head.request_id, std::string(" a\0b ", 5));
}

TEST(Request, JudgesInTheOrderOfTheContract) {
  EXPECT_NE(Refusal(R"({"type":"nope"})").find("protocol_version"), std::string::npos);
  EXPECT_NE(Refusal(R"({"protocol_version":1,"type":"nope"})").find("type"), std::string::npos);
  EXPECT_NE(Refusal(R"({"protocol_version":1,"type":"run"})").find("request_id"),
            std::string::npos);
}

TEST(Request, RefusesWhatIsNoJsonObject) {
  const std::string nul =
      std::string(R"({"protocol_version":1,"type":"ping","request_id":"r"})") + '\0';
  for (const std::string& line : {std::string(""),
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("\"x\""),
                                  std::string("1"),
                                  std::string("{"),
                                  std::string("{}x"),
                                  std::string("{'a':1}"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{\"a\":01}"),
                                  std::string("{\"a\":NaN}"),
                                  std::string("{\"a\":\"\t\"}"),
                                  std::string("{\"a\":\"\\ud800\"}"),
                                  std::string("{\"a\":\"\\udc00\"}"),
                                  std::string("{\"a\":\"\xff\"}"),
                                  std::string("{\"a\":\"\xc0\x80\"}"),
                                  std::string("{\"a\":\"\xed\xa0\x80\"}"),
                                  std::string("/**/{}"),
                                  nul,
                                  std::string(100'000, '['),
                                  std::string(100'000, '{')}) {
    EXPECT_NE(Refusal(line), "") << line.substr(0, 40);
  }
}

TEST(Request, NestingIsBoundedAt64) {
  const auto nested = [](int depth) {  // the outer object is 1
    return R"({"protocol_version":1,"type":"ping","request_id":"r","x":)" +
           std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(Refusal(nested(64)), "");
  EXPECT_NE(Refusal(nested(65)), "");
  EXPECT_NE(Refusal(nested(100'000)), "");
}

TEST(Request, KnownKeysOnceUnknownOnesAtWill) {
  EXPECT_EQ(Refusal(RunLine(R"(,"x":1,"x":{"prompt":1,"prompt":2})")), "");
  EXPECT_NE(Refusal(RunLine(R"(,"prompt":"q")")), "");
}

TEST(Request, CancelTakesEitherName) {
  const auto cancel = [](const std::string& targets) {
    return R"({"protocol_version":1,"type":"cancel","request_id":"r","session_id":"s")" + targets +
           "}";
  };
  for (const char* good : {R"(,"target_request_id":"t")", R"(,"cancel_request_id":"t")",
                           R"(,"cancel_request_id":"t","target_request_id":"t")",
                           R"(,"cancel_request_id":null,"target_request_id":"t")"}) {
    auto request = ParseRequest(cancel(good));
    ASSERT_TRUE(request) << good;
    EXPECT_EQ(std::get<CancelRequest>(*request).target_request_id, "t");
  }
  for (const char* bad : {"", R"(,"target_request_id":" ")", R"(,"cancel_request_id":1)",
                          R"(,"cancel_request_id":"t","target_request_id":"u")"}) {
    EXPECT_NE(Refusal(cancel(bad)), "") << bad;
  }
}

}  // namespace
}  // namespace refhost
