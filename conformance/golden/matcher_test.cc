#include "conformance/golden/matcher.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "conformance/observe/strict_json.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using boost::json::value;

value Json(const std::string& text) { return boost::json::parse(text); }

bool Fits(const std::string& pattern, const std::string& actual) {
  Captures captures;
  const value v = Json(actual);
  return !Match(Json(pattern), &v, captures);
}

struct Row {
  const char* pattern;
  std::vector<const char*> fits, differs;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {R"("<any>")", {"1", "null", "{}", "\"\""}, {}},
      {R"("<null>")", {"null"}, {"0", "\"\"", "false", "[]", "\"null\""}},
      {R"("<integer>")", {"0", "-5", "18446744073709551615"}, {"1.0", "1e0", "\"1\"", "null"}},
      {R"("<number>")", {"0", "1.5", "-1e3"}, {"\"1\"", "true", "null"}},
      {R"("<boolean>")", {"true", "false"}, {"0", "\"true\"", "null"}},
      {R"("<string>")", {"\"\"", "\"x\""}, {"1", "null", "[]"}},
      {R"("<object>")", {"{}", "{\"a\":1}"}, {"[]", "null", "\"{}\""}},
      {R"("<array>")", {"[]", "[1]"}, {"{}", "null", "\"[]\""}},
      {R"("<non-empty>")",
       {"\"x\"", "[0]", "{\"a\":null}"},
       {"\"\"", "[]", "{}", "1", "null", "true"}},
      {R"("<regex:^a+b$>")", {"\"aab\""}, {"\"b\"", "\"xaab\"", "5", "null"}},
      {R"("<regex:b>")", {"\"abc\""}, {"\"ac\""}},
      {R"("<contains:a.b>")", {"\"xa.by\""}, {"\"axb\"", "\"\"", "1"}},
      {R"("<one-of:A|B C|D>")", {"\"A\"", "\"B C\"", "\"D\""}, {"\"B\"", "\"A|B C\"", "\"\"", "1"}},
      {R"("<between:1:50>")", {"1", "50", "2.5"}, {"0", "50.001", "\"7\"", "null"}},
      {R"("<between:-2:-1>")", {"-1", "-2"}, {"0", "-3"}},
      {R"("<length:2:3>")",
       {"\"ab\"", "\"\xC3\xA4\"", "[1,2,3]"},
       {"\"a\"", "\"abcd\"", "[1]", "12", "null", "{\"a\":1,\"b\":2}"}},
      {R"("<not:<contains:x>>")", {"\"y\"", "5", "null"}, {"\"axb\""}},
      {R"("<not:<null>>")", {"0", "\"\""}, {"null"}},
      {R"("<not:<not:<integer>>>")", {"5"}, {"\"5\""}},
      {R"("<literal:<any>>")", {"\"<any>\""}, {"\"any\"", "1"}},
      {R"("<literal:>")", {"\"\""}, {"\"x\"", "null"}},
      {"1", {"1"}, {"1.0", "2", "\"1\"", "true", "null"}},
      {"1.0", {"1.0"}, {"1", "1.5"}},
      {"18446744073709551615", {"18446744073709551615"}, {"-1", "0"}},
      {"true", {"true"}, {"false", "1", "\"true\""}},
      {"null", {"null"}, {"0", "false", "\"\""}},
      {R"("a")", {"\"a\""}, {"\"A\"", "\"a \"", "97"}},
      {R"("<")", {"\"<\""}, {"\"x\""}},
      {R"("<>")", {"\"<>\""}, {"\"\""}},
      {R"({"a":1})", {"{\"a\":1}", "{\"a\":1,\"b\":2}"}, {"{}", "{\"a\":2}", "[]", "1", "null"}},
      {R"({"a":{"b":"<any>"}})", {"{\"a\":{\"b\":null}}"}, {"{\"a\":{}}", "{\"a\":1}"}},
      {R"({"a":"<absent>"})", {"{}", "{\"b\":1}"}, {"{\"a\":null}", "{\"a\":0}"}},
      {R"({"a":"<not:<absent>>"})", {"{\"a\":null}"}, {"{}"}},
      {R"({"a":"<any>"})", {"{\"a\":null}"}, {"{}"}},
      {"{}", {"{}", "{\"a\":1}"}, {"[]", "null", "\"\""}},
      {"[1,\"<string>\"]", {"[1,\"x\"]"}, {"[1]", "[1,2]", "[1,\"x\",3]", "{}", "[\"x\",1]"}},
      {"[]", {"[]"}, {"[1]", "{}", "null"}},
  };
  return rows;
}

TEST(Matcher, EachFitsWhatItShouldAndNothingElse) {
  for (const Row& row : Rows()) {
    EXPECT_EQ(CheckPattern(Json(row.pattern)), std::nullopt) << row.pattern;
    for (const char* actual : row.fits)
      EXPECT_TRUE(Fits(row.pattern, actual)) << row.pattern << " must fit " << actual;
    for (const char* actual : row.differs)
      EXPECT_FALSE(Fits(row.pattern, actual)) << row.pattern << " must not fit " << actual;
  }
}

// The same table through a whole play: a host whose final carries the value.
TEST(Matcher, AWrongValueFailsTheCase) {
  const auto play = [](const char* pattern, const char* actual) {
    Bench bench(MiniHostCommand(std::string("final.OK:set:extra=") + actual));
    return bench.PlaySteps(
        R"({"send":{"protocol_version":1,"type":"run","request_id":"r","session_id":"s",)"
        R"("prompt":"x","idempotency_key":"k"}})"
        "\n"
        R"({"expect":{"type":"final","request_id":"r","extra":)" +
            std::string(pattern) + "}}\n",
        Mode::kOneShot);
  };
  for (const Row& row : Rows()) {
    const auto good = play(row.pattern, row.fits.front());
    EXPECT_EQ(Describe(good).find("CTRL-01"), std::string::npos) << Describe(good);
    if (row.differs.empty()) continue;
    const auto bad = play(row.pattern, row.differs.front());
    EXPECT_EQ(Blamed(bad), std::set<std::string>{"CTRL-01"}) << row.pattern << Describe(bad);
  }
}

TEST(Matcher, SameRemembersAcrossMatches) {
  Captures captures;
  const value first(5), second(6), text("5");
  EXPECT_FALSE(Match(Json(R"("<same:N>")"), &first, captures));
  EXPECT_FALSE(Match(Json(R"("<same:N>")"), &first, captures));
  EXPECT_TRUE(Match(Json(R"("<same:N>")"), &second, captures));
  EXPECT_TRUE(Match(Json(R"("<same:N>")"), &text, captures));
  EXPECT_FALSE(Match(Json(R"("<same:M>")"), &second, captures));
  EXPECT_TRUE(Match(Json(R"("<same:M>")"), nullptr, captures));
  EXPECT_TRUE(Fits(R"(["<same:A>","<same:A>"])", R"(["x","x"])"));
  EXPECT_FALSE(Fits(R"(["<same:A>","<same:A>"])", R"(["x","y"])"));
}

TEST(Matcher, AMismatchSaysWhereAndWhat) {
  Captures captures;
  const value actual = Json(R"({"error":{"code":"BUSY"},"list":[1,2]})");
  auto mismatch = Match(Json(R"({"error":{"code":"TIMEOUT"}})"), &actual, captures);
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->path, "error.code");
  EXPECT_EQ(mismatch->ToString(), R"(`error.code`: expected "TIMEOUT", got "BUSY")");
  mismatch = Match(Json(R"({"list":[1,3]})"), &actual, captures);
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->path, "list[1]");
  mismatch = Match(Json(R"({"gone":1})"), &actual, captures);
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->ToString(), "`gone`: expected 1, got nothing");
}

TEST(Matcher, CheckPatternRefuses) {
  for (const char* pattern :
       {R"("<unknown>")",      R"("<Any>")",       R"("<integer:5>")",       R"("<regex:(>")",
        R"("<regex:[>")",      R"("<between:1>")", R"("<between:5:1>")",     R"("<between:a:b>")",
        R"("<length:1:2:3>")", R"("<length:>")",   R"("<contains:>")",       R"("<contains>")",
        R"("<one-of>")",       R"("<same>")",      R"("<not:<unknown>>")",   R"("<not:3>")",
        R"("<not:>")",         R"("<html>")",      R"({"a":{"b":"<odd>"}})", R"([1,"<odd>"])"}) {
    const auto fault = CheckPattern(Json(pattern));
    EXPECT_NE(fault.value_or(""), "") << pattern;
  }
  EXPECT_NE(CheckPattern(Json(R"({"a":{"b":"<odd>"}})"))->find("`a`: `b`: unknown matcher <odd>"),
            std::string::npos);
  for (const char* pattern : {R"("plain")", R"("<")", R"("a<b>")", R"("<b> c")", "5", "{}", "[]"})
    EXPECT_EQ(CheckPattern(Json(pattern)), std::nullopt) << pattern;
}

// libstdc++'s regular expressions recurse once for each character.
TEST(Matcher, ALongAnswerDoesNotCrashARegex) {
  const value text(boost::json::string(std::string(1 << 20, 'a') + "\n"));
  Captures captures;
  EXPECT_TRUE(Match(Json(R"("<regex:^(a|b)*c$>")"), &text, captures));
  EXPECT_FALSE(Match(Json(R"("<regex:^[ab]*\\s>")"), &text, captures));
}

}  // namespace
}  // namespace touchstone::testing
