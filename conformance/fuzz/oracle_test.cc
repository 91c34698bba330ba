// The oracle against the contract, requirement by requirement, both sides of each boundary.
#include "conformance/fuzz/oracle.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>

#include "conformance/fuzz/json_scan.h"
#include "conformance/observe/strict_json.h"

namespace touchstone::fuzz {
namespace {

constexpr Mode S = Mode::kStream, O = Mode::kOneShot, B = Mode::kBridge;

// A ping with more members; a run whose members can be replaced.
std::string PingOf(std::string_view more = "") {
  return fmt::format(R"({{"protocol_version":1,"type":"ping","request_id":"a"{}}})", more);
}
std::string RunOf(std::string_view session = R"("s")", std::string_view prompt = R"("hi")",
                  std::string_view key = R"("k")", std::string_view more = "") {
  return fmt::format(R"({{"protocol_version":1,"type":"run","request_id":"a","session_id":{},)"
                     R"("prompt":{},"idempotency_key":{}{}}})",
                     session, prompt, key, more);
}
std::string Optional(std::string_view field) {
  return RunOf(R"("s")", R"("hi")", R"("k")", fmt::format(",{}", field));
}
std::string Nested(int depth, char bracket = '[') {
  std::string text;
  for (int i = 1; i < depth; ++i) text += bracket == '[' ? "[" : "{\"k\":";
  if (bracket == '{') text += "0";
  for (int i = 1; i < depth; ++i) text += bracket == '[' ? "]" : "}";
  return PingOf(",\"x\":" + text);
}

struct Row {
  std::string line;
  Standing standing;
  std::string requirement;
  std::string id = "a";  // the answer's; "*": free (RESP-08)
  Mode mode = S;
};

void Expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const Ruling ruling = JudgeRequest(row.line, row.mode);
    SCOPED_TRACE(row.line.substr(0, 200) + " in " + std::string(touchstone::ToString(row.mode)));
    EXPECT_EQ(ToString(ruling.standing), ToString(row.standing)) << ruling.reason;
    if (row.standing == Standing::kBlank) continue;
    EXPECT_EQ(ruling.requirement, row.requirement);
    if (row.standing == Standing::kFree || row.standing == Standing::kShould) continue;
    EXPECT_EQ(ruling.id_is_free, row.id == "*");
    if (row.id != "*") {
      EXPECT_EQ(ruling.request_id, row.id);
    }
  }
}

constexpr auto kValid = Standing::kValid, kInvalid = Standing::kInvalid, kFree = Standing::kFree;

TEST(Oracle, Frame05CrAndBlankLines) {
  Expect({{PingOf() + "\r", kValid, "FRAME-05"},
          {"\r" + PingOf(), kValid, "CTRL-01"},
          {"", Standing::kBlank, ""},
          {" \t\r", Standing::kBlank, ""},
          {"", kInvalid, "FRAME-15", "unknown", O},
          {" \r", kInvalid, "FRAME-15", "unknown", B},
          {"\xC2\xA0", kInvalid, "FRAME-06", "*"},
          {"\f", kInvalid, "FRAME-06", "*"}});
}

TEST(Oracle, Frame06WhatIsNoJsonOrNoObject) {
  for (std::string text : {"x",
                           "{",
                           "[]",
                           "null",
                           "1",
                           "\"a\"",
                           "{}x",
                           "{} {}",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{'a':1}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":1.}",
                           "{\"a\":1e}",
                           "{\"a\":NaN}",
                           "{\"a\":-}",
                           "{\"a\":0x1}",
                           "{\"a\":tru}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"\t\"}",
                           "{,}",
                           "[}",
                           "{\"a\":}",
                           "{\"a\"}",
                           "{1:2}",
                           "{\"a\":1]",
                           "//\n{}"}) {
    Expect({{text, kInvalid, "FRAME-06", "*"}});
  }
  Expect({{std::string("{}\0", 3), kInvalid, "FRAME-06", "*"},
          {"{}", kInvalid, "REQ-01", "unknown"},
          {"\xEF\xBB\xBF" + PingOf(), kFree, "FRAME-06"},
          {"\xEF\xBB\xBF{", kInvalid, "FRAME-06", "*"},
          {PingOf(",\"x\":\"\xEF\xBB\xBF\""), kValid, "REQ-08"},
          {PingOf(",\"x\":1e400"), kFree, "FRAME-06"},
          {PingOf(",\"x\":1180591620717411303424"), kFree, "FRAME-06"},
          {PingOf(",\"x\":[{\"y\":-1e400}]"), kFree, "FRAME-06"},
          {PingOf(",\"x\":18446744073709551616"), kFree, "FRAME-06"},
          {PingOf(",\"x\":18446744073709551615"), kValid, "REQ-08"},
          {PingOf(",\"x\":-9223372036854775808"), kValid, "REQ-08"},
          {PingOf(",\"x\":-9223372036854775809"), kFree, "FRAME-06"},
          {PingOf(",\"x\":1.7976931348623157e308"), kValid, "REQ-08"},
          {PingOf(",\"x\":[-0,0.5,1E+2,5e-324,0e9]"), kValid, "REQ-08"},
          {PingOf(",\"x\":1e-400"), kFree, "FRAME-06"},
          {PingOf(",\"x\":[-0e99999999999999999999]"), kFree, "FRAME-06"}});
}

TEST(Oracle, Frame08TheLimitCountsWithoutCrAndLf) {
  const std::string line = PingOf();
  const auto at = [&](std::size_t limit, std::string_view more = "") {
    return JudgeRequest(line + std::string(more), S, {limit});
  };
  EXPECT_EQ(at(line.size()).standing, kValid);
  EXPECT_EQ(at(line.size()).requirement, "FRAME-08");
  EXPECT_EQ(at(line.size(), "\r").standing, kValid);
  EXPECT_EQ(at(line.size() - 1).standing, kInvalid);
  EXPECT_EQ(at(line.size() - 1).requirement, "FRAME-08");
  EXPECT_EQ(at(line.size() - 1, "\r").standing, kInvalid);
  EXPECT_EQ(at(line.size(), " ").standing, kInvalid);
  EXPECT_EQ(at(line.size(), "\r\r").standing, kFree);
  EXPECT_EQ(JudgeRequest("    ", S, {3}).standing, kInvalid);
  EXPECT_EQ(JudgeRequest("   ", S, {3}).standing, Standing::kBlank);
}

TEST(Oracle, Frame09Utf8AndSurrogates) {
  for (std::string bytes : {"\x80", "\xC0\x80", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xFF", "\xE2\x82", "\xF0\x80\x80\xAF"}) {
    Expect({{PingOf(",\"x\":\"" + bytes + "\""), kInvalid, "FRAME-09", "*"},
            {PingOf(",\"" + bytes + "\":1"), kInvalid, "FRAME-09", "*"},
            {PingOf() + bytes, kInvalid, "FRAME-09", "*"}});
  }
  for (std::string escape : {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\udc00\ud800)",
                             R"(\ud800x\udc00)", R"(\uDBFF\n)"}) {
    Expect({{PingOf(",\"x\":[\"" + escape + "\"]"), kInvalid, "FRAME-09", "*"},
            {PingOf(",\"" + escape + "\":1"), kInvalid, "FRAME-09", "*"}});
  }
  Expect({{PingOf(R"(,"x":"\ud83d\ude00\uD83D\uDE00")"), kValid, "REQ-08"},
          {PingOf(",\"x\":\"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\""), kValid, "REQ-08"}});
}

TEST(Oracle, Frame10Depth) {
  Expect({{Nested(64), kValid, "FRAME-10"},
          {Nested(65), kInvalid, "FRAME-10", "*"},
          {Nested(64, '{'), kValid, "FRAME-10"},
          {Nested(65, '{'), kInvalid, "FRAME-10", "*"},
          {std::string(100'000, '['), kInvalid, "FRAME-06", "*"},
          {Nested(100'000), kInvalid, "FRAME-10", "*"}});
}

TEST(Oracle, Frame11AKnownKeyTwice) {
  Expect({{PingOf(R"(,"type":"ping")"), Standing::kShould, "FRAME-11"},
          {PingOf(R"(,"\u0074ype":"ping")"), Standing::kShould, "FRAME-11"},
          {PingOf(R"(,"x":1,"x":1)"), kFree, "FRAME-11"},
          {PingOf(R"(,"x":{"type":1,"type":2})"), kFree, "FRAME-11"},
          {PingOf(R"(,"x":[{"y":1},{"y":1},{"y":{"y":1}}])"), kValid, "REQ-08"},
          {PingOf(R"(,"x":[{"y":1,"\u0079":1}])"), kFree, "FRAME-11"}});
}

TEST(Oracle, Frame17AndReq09IdsComeBackAsTheyWere) {
  const auto ruling = JudgeRequest(
      R"({"protocol_version":1,"type":"ping","request_id":" \u0000\ud83d\ude00\/\u2028 "})", S);
  EXPECT_EQ(ruling.standing, kValid);
  EXPECT_EQ(ruling.request_id, std::string(" \0\xF0\x9F\x98\x80/\xE2\x80\xA8 ", 11));
  EXPECT_EQ(ruling.requirement, "FRAME-17");
}

TEST(Oracle, Req01ProtocolVersion) {
  for (std::string value : {"0", "2", "-1", "1.0", "1e0", "10e-1", "\"1\"", "true", "null", "[1]",
                            "{}", "18446744073709551617"}) {
    Expect({{fmt::format(R"({{"protocol_version":{},"type":"ping","request_id":"a"}})", value),
             kInvalid, "REQ-01", value.size() > 10 ? "*" : "a"}});
  }
  Expect({{R"({"type":"ping","request_id":"a"})", kInvalid, "REQ-01"},
          {R"({"protocol_version" : 1 ,"type":"ping","request_id":"a"})", kValid, "CTRL-01"}});
}

TEST(Oracle, Req02Type) {
  for (std::string value :
       {"\"Ping\"", "\"ping \"", "\"\"", "1", "null", "[\"ping\"]", "\"ack\""}) {
    Expect({{fmt::format(R"({{"protocol_version":1,"type":{},"request_id":"a"}})", value), kInvalid,
             "REQ-02"}});
  }
  Expect({{R"({"protocol_version":1,"request_id":"a"})", kInvalid, "REQ-02"},
          {R"({"protocol_version":1,"type":"p\u0069ng","request_id":"a"})", kValid, "CTRL-01"}});
}

TEST(Oracle, Req03RequestId) {
  for (std::string value : {"\"\"", "\" \\t\\r\\n\"", "1", "null", "[]", "{}", "true"}) {
    Expect({{fmt::format(R"({{"protocol_version":1,"type":"ping","request_id":{}}})", value),
             kInvalid, "REQ-03", "unknown"}});
  }
  Expect(
      {{R"({"protocol_version":1,"type":"ping"})", kInvalid, "REQ-03", "unknown"},
       {R"({"protocol_version":1,"type":"ping","request_id":"\u00a0"})", kValid, "FRAME-17",
        "\xC2\xA0"},
       {R"({"protocol_version":1,"type":"ping","request_id":" b "})", kValid, "CTRL-01", " b "}});
}

TEST(Oracle, Req040506RequiredFieldsOfARun) {
  Expect({{RunOf(), kValid, "LIFE-01"}, {RunOf(), kValid, "LIFE-04", "a", O}});
  for (std::string value : {"\"\"", "\" \\n\"", "null", "1", "[]", "{}", "false"}) {
    Expect({{RunOf(value), kInvalid, "REQ-04"},
            {RunOf("\"s\"", value), kInvalid, "REQ-05"},
            {RunOf("\"s\"", "\"hi\"", value), kInvalid, "REQ-06"}});
  }
  Expect({{R"({"protocol_version":1,"type":"run","request_id":"a"})", kInvalid, "REQ-04"},
          {RunOf(R"(" s ")", R"(" x")", R"("k ")"), kValid, "LIFE-01"}});
}

TEST(Oracle, Req07OptionalFields) {
  for (std::string field :
       {"\"timeout_ms\":0", "\"timeout_ms\":-1", "\"timeout_ms\":1.5", "\"timeout_ms\":\"5\"",
        "\"timeout_ms\":86400001", "\"timeout_ms\":1.0", "\"timeout_ms\":1e3", "\"timeout_ms\":-0",
        "\"timeout_ms\":true", "\"stream\":\"yes\"", "\"stream\":1", "\"metadata\":[]",
        "\"metadata\":\"{}\"", "\"ts_ms\":\"now\"", "\"ts_ms\":1.5", "\"ts_ms\":{}",
        "\"channel_id\":1", "\"agent\":[]"}) {
    Expect({{Optional(field), kInvalid, "REQ-07"}});
  }
  for (std::string field : {"\"timeout_ms\":1", "\"timeout_ms\":86400000", "\"stream\":true",
                            "\"metadata\":{}", "\"ts_ms\":-1", "\"ts_ms\":9223372036854775807",
                            "\"channel_id\":\"\"", "\"agent\":\" \""}) {
    Expect({{Optional(field), kValid, "LIFE-01"}});
  }
  for (std::string name : {"timeout_ms", "stream", "metadata", "ts_ms", "channel_id", "agent"})
    Expect({{Optional("\"" + name + "\":null"), kValid, "REQ-07"}});
  Expect({{Optional("\"timeout_ms\":1e400"), kInvalid, "REQ-07", "*"},
          {Optional("\"ts_ms\":18446744073709551616"), kFree, "REQ-07"},
          {Optional("\"metadata\":{\"a\":1e400}"), kFree, "FRAME-06"},
          {PingOf(",\"ts_ms\":\"now\""), kInvalid, "REQ-07"},
          {PingOf(",\"session_id\":5"), kFree, "REQ-07"},
          {PingOf(",\"session_id\":null"), kValid, "REQ-07"},
          {PingOf(",\"timeout_ms\":\"x\""), kFree, "REQ-07"},
          {PingOf(",\"timeout_ms\":7"), kValid, "CTRL-01"}});
}

TEST(Oracle, Req08UnknownFields) {
  Expect({{PingOf(",\"x\":null"), kValid, "REQ-08"},
          {PingOf(",\"\":[{}]"), kValid, "REQ-08"},
          {PingOf(",\"TYPE\":5,\"Request_Id\":5"), kValid, "REQ-08"},
          {Optional("\"x\":{\"type\":1}"), kValid, "REQ-08"}});
}

TEST(Oracle, Req13Ctrl03AndCtrl04) {
  const auto control = [](std::string_view type, std::string_view rest) {
    return fmt::format(R"({{"protocol_version":1,"type":"{}","request_id":"a"{}}})", type, rest);
  };
  Expect(
      {{control("session_close", ""), kInvalid, "REQ-13"},
       {control("session_close", ",\"session_id\":\" \""), kInvalid, "REQ-13"},
       {control("session_close", ",\"session_id\":\"s\""), kValid, "CTRL-09"},
       {control("session_close", ",\"session_id\":\"s\""), kValid, "CTRL-09", "a", B},
       {control("session_close", ""), kFree, "REQ-13", "a", O},
       {control("cancel", ",\"target_request_id\":\"x\""), kInvalid, "REQ-13"},
       {control("cancel", ",\"session_id\":\"s\""), kInvalid, "CTRL-03"},
       {control("cancel", R"(,"session_id":"s","target_request_id":" ")"), kInvalid, "CTRL-03"},
       {control("cancel", R"(,"session_id":"s","target_request_id":"x","cancel_request_id":"y")"),
        kInvalid, "CTRL-03"},
       {control("cancel", R"(,"session_id":"s","target_request_id":"x","cancel_request_id":"x")"),
        kInvalid, "CTRL-04"},
       {control("cancel", R"(,"session_id":"s","cancel_request_id":"x")"), kInvalid, "CTRL-04"},
       {control("cancel", R"(,"session_id":"s","cancel_request_id":"x")"), kFree, "CTRL-04", "a",
        O},
       {control("cancel", R"(,"session_id":"s","cancel_request_id":"x")"), kInvalid, "BRIDGE-01",
        "a", B}});
}

TEST(Oracle, Resp08WhatALenientReaderMightTakeForTheId) {
  const auto ruling = JudgeRequest(R"({"request_id":"a\u0062c","type":)", S);
  EXPECT_TRUE(ruling.id_is_free);
  EXPECT_EQ(ruling.readable_ids, (std::vector<std::string>{"abc", "abc", "a\\u0062c"}));
  EXPECT_EQ(JudgeRequest(R"({"\u0072equest_id":"a")", S).readable_ids,
            (std::vector<std::string>{"a"}));
}

// Texts in which the interesting characters are frequent.
rc::Gen<std::string> AlmostJson() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
          "{",    "}",    "[",       "]",  ",",  ":",    "\"a\"", "\"",         "\\",
          "\\u",  "d83d", "\\ude00", "0",  "1",  "-",    ".",     "e",          "+",
          "true", "null", " ",       "\r", "\t", "\x01", "x",     "\"\\ud800\""})),
      [](const std::vector<std::string>& parts) {
        std::string text;
        for (const auto& part : parts) text += part;
        return text;
      });
}

RC_GTEST_PROP(ScanProperty, AgreesWithTheJudgesParser, ()) {
  const auto text = *AlmostJson();
  const Scan scan = ScanJson(text);
  const auto parsed = ParseStrict(text);
  // Beyond the grammar ParseStrict refuses only surrogates, repeated keys and large numbers.
  if (parsed) RC_ASSERT(scan.is_json && !scan.unpaired_surrogate);
  if (scan.is_json && !scan.unpaired_surrogate && !parsed) {
    RC_ASSERT(parsed.error().message.find("twice") != std::string::npos ||
              parsed.error().message.find("umber") != std::string::npos);
  }
  if (parsed) RC_ASSERT(scan.is_object == parsed->is_object());
}

}  // namespace
}  // namespace touchstone::fuzz
