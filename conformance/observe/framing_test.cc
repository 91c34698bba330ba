#include "conformance/observe/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

TEST(LineSplitter, CutsTheSameWhereverThePiecesEnd) {
  const std::string bytes = "one\n\ntwo\r\n\n\nthree \xC3\xA4\nrest";
  const std::vector<std::string> expected = {"one", "", "two\r", "", "", "three \xC3\xA4"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      for (auto& line : splitter.Feed(std::string_view(bytes).substr(at, piece)))
        lines.push_back(std::move(line));
      EXPECT_TRUE(splitter.Feed("").empty());
    }
    EXPECT_EQ(lines, expected) << "in pieces of " << piece;
    EXPECT_EQ(splitter.pending(), "rest");
  }
}

TEST(JudgeLine, AcceptsOneObject) {
  for (const char* line : {"{}", "{\"a\":[1]}", " {\"a\":1} ", "{\"a\":\"\xC3\xA4\\u0000\\r\"}"}) {
    const auto judged = JudgeLine(line);
    EXPECT_FALSE(judged.violation) << line;
    EXPECT_TRUE(judged.json && judged.json->is_object()) << line;
  }
}

TEST(JudgeLine, BlamesFrame01AndSaysWhy) {
  const std::vector<std::pair<std::string, const char*>> rows = {
      {"", "a blank line"},
      {" ", "not JSON"},
      {"INFO starting", "not JSON"},
      {"\x1b[32m{}\x1b[0m", "not JSON"},
      {"\xEF\xBB\xBF{}", "BOM"},
      {"{}\r", "contains a CR"},
      {"{\"a\":\xFF}", "not valid UTF-8"},
      {"[]", "not an object"},
      {"\"text\"", "not an object"},
      {"null", "not an object"},
      {"{}{}", "not JSON"},
      {"{\"a\":1,\"a\":1}", "given twice"},
      {"{\"a\":1", "not JSON"},
  };
  for (const auto& [line, why] : rows) {
    const auto judged = JudgeLine(line);
    ASSERT_TRUE(judged.violation) << line;
    EXPECT_EQ(judged.violation->requirement, "FRAME-01");
    EXPECT_NE(judged.violation->message.find(why), std::string::npos) << why << "\n"
                                                                      << judged.violation->message;
  }
}

TEST(JudgeTail, NothingMayBeLeft) {
  EXPECT_FALSE(JudgeTail(""));
  ASSERT_TRUE(JudgeTail("{}"));
  EXPECT_EQ(JudgeTail("{}")->requirement, "FRAME-01");
}

TEST(Excerpt, IsAlwaysPrintableUtf8) {
  EXPECT_EQ(Excerpt(""), "(nothing)");
  EXPECT_EQ(Excerpt("a\tb\x7f"), "a\\x09b\\x7f");
  EXPECT_EQ(Excerpt("\xFFx"), "\\xffx");
  EXPECT_EQ(Excerpt("abcdef", 3), "abc… (6 bytes)");
  std::string text;
  for (int i = 0; i < 50; ++i) text += "aä€😀";
  for (std::size_t limit = 1; limit < text.size(); ++limit)
    EXPECT_TRUE(IsValidUtf8(Excerpt(text, limit))) << limit;
}

}  // namespace
}  // namespace touchstone
