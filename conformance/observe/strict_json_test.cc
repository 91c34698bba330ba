#include "conformance/observe/strict_json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace touchstone {
namespace {

using namespace std::string_literals;

std::string Deep(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

TEST(StrictJson, Reads) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"{}", "{}"},
      {" \t\r\n{ \"a\" : [ 1 , -2 , null , true , \"x\" ] } \n", R"({"a":[1,-2,null,true,"x"]})"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x80\""},
      {R"("\u0000\uFFFF")", "\"\\u0000\xEF\xBF\xBF\""},
      {R"({"":1})", R"({"":1})"},
      {R"({"a":{"k":1},"b":{"k":1}})", R"({"a":{"k":1},"b":{"k":1}})"},
  };
  for (const auto& [text, same] : rows) {
    const auto parsed = ParseStrict(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(ToJson(*parsed), same);
  }
  EXPECT_TRUE(ParseStrict("1.0")->is_double());
  EXPECT_TRUE(ParseStrict("1e0")->is_double());
  EXPECT_TRUE(ParseStrict("1")->is_int64());
  EXPECT_TRUE(ParseStrict(Deep(1000)));
}

TEST(StrictJson, Refuses) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "{}}"s,
                                  "{} {}"s,
                                  "{}x"s,
                                  "nul"s,
                                  "NaN"s,
                                  "Infinity"s,
                                  "01"s,
                                  "+1"s,
                                  ".5"s,
                                  "1."s,
                                  "-"s,
                                  "0x1"s,
                                  "'a'"s,
                                  "{a:1}"s,
                                  "[1,]"s,
                                  "{\"a\":1,}"s,
                                  "[1 2]"s,
                                  "{\"a\" 1}"s,
                                  "\"a"s,
                                  "\"\t\""s,
                                  "\"\n\""s,
                                  "\"\\x\""s,
                                  "\"\\u12\""s,
                                  "// c\n{}"s,
                                  "/**/{}"s,
                                  "\xEF\xBB\xBF{}"s,
                                  "\"\xFF\""s,
                                  "\"\xC0\x80\""s,
                                  "\"\xED\xA0\x80\""s,
                                  "\"\xF4\x90\x80\x80\""s,
                                  "\"\xC3\""s,
                                  R"("\ud800")"s,
                                  R"("\udc00")"s,
                                  R"("\ud800\ud800")"s,
                                  R"("\ud800x")"s,
                                  R"({"a":1,"a":2})"s,
                                  R"({"a":1,"\u0061":2})"s,
                                  R"([{"x":{"k":1,"k":1}}])"s,
                                  "18446744073709551616"s,
                                  "-9223372036854775809"s,
                                  "1e400"s,
                                  "-1e400"s,
                                  "{}\0"s,
                                  "\0{}"s,
                                  "\"\0\""s,
                                  Deep(100'000),
                                  std::string(100'000, '[')}) {
    const auto parsed = ParseStrict(text);
    EXPECT_FALSE(parsed) << text.substr(0, 40);
    if (!parsed) {
      EXPECT_NE(parsed.error().message, "");
    }
  }
}

// A buffer of another line's length must not lend its bytes (simdjson pads).
TEST(StrictJson, LooksAtNoByteBehindTheText) {
  const std::string all = "{\"a\":123}garbage";
  EXPECT_TRUE(ParseStrict(std::string_view(all).substr(0, 9)));
  for (std::size_t n = 0; n < 9; ++n) EXPECT_FALSE(ParseStrict(std::string_view(all).substr(0, n)));
  EXPECT_FALSE(ParseStrict(all));
}

TEST(Utf8, ByRfc3629) {
  for (const char* good : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBE"})
    EXPECT_TRUE(IsValidUtf8(good));
  for (const char* bad : {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC2", "\xE1\x80"})
    EXPECT_FALSE(IsValidUtf8(bad));
}

}  // namespace
}  // namespace touchstone
