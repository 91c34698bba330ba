#include "fault-injection/provider/rule_book.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

RuleBook Book(std::string_view rules) {
  return RuleBook(ParseRules(boost::json::parse(rules)).value());
}

Request Ask(int number, std::string text, std::string model = "m") {
  Request request;
  request.number = number;
  request.model = std::move(model);
  request.last_user_text = std::move(text);
  return request;
}

TEST(RuleBook, TakesTheFirstRuleThatMatches) {
  RuleBook book = Book(R"([{"match":{"text":"slow"},"respond":{"text":"a"}},
                           {"match":{"call":2},"respond":{"text":"b"}},
                           {"match":{"model":"x"},"respond":{"text":"c"}},
                           {"respond":{"text":"d"}}])");
  EXPECT_EQ(book.Take(Ask(1, "very slow")).respond->text, "a");
  EXPECT_EQ(book.Take(Ask(2, "slow")).respond->text, "a");
  EXPECT_EQ(book.Take(Ask(2, "fast")).respond->text, "b");
  EXPECT_EQ(book.Take(Ask(3, "fast", "x")).respond->text, "c");
  EXPECT_EQ(book.Take(Ask(3, "fast")).rule, 3);
}

TEST(RuleBook, PassesOverARuleThatHasServedItsTimes) {
  RuleBook book = Book(R"([{"times":2,"respond":{}},{"respond":{}}])");
  EXPECT_EQ(book.Take(Ask(1, "")).rule, 0);
  EXPECT_EQ(book.Take(Ask(2, "")).rule, 0);
  EXPECT_EQ(book.Take(Ask(3, "")).rule, 1);
}

TEST(RuleBook, SaysWhyTheNearestRuleDoesNotMatch) {
  RuleBook book = Book(R"([{"match":{"text":"x","call":9,"model":"n"},"respond":{}},
                           {"match":{"text":"a","model":"n"},"respond":{}},
                           {"match":{"text":"hello"},"respond":{}},
                           {"match":{"call":7},"respond":{}}])");
  const Choice none = book.Take(Ask(1, "bye"));
  EXPECT_EQ(none.rule, -1);
  EXPECT_EQ(none.respond, nullptr);
  EXPECT_EQ(none.near_miss, R"(rule [2]: match.text is "hello", the last user message is "bye")");
}

TEST(RuleBook, NamesEachObstacleOfTheNearestRule) {
  EXPECT_EQ(
      Book(R"([{"match":{"text":"x","call":9,"model":"n"},"respond":{}}])")
          .Take(Request{})
          .near_miss,
      R"(rule [0]: match.text is "x", the request has no user message; match.call is 9, this )"
      R"(is call 1; match.model is "n", the request's model is "")");
  RuleBook once = Book(R"([{"times":1,"respond":{}}])");
  once.Take(Ask(1, ""));
  EXPECT_EQ(once.Take(Ask(2, "")).near_miss, "rule [0]: it has served its 1 call");
  EXPECT_EQ(Book("[]").Take(Ask(1, "")).near_miss, "there are no rules");
}

TEST(RuleBook, QuotesOnlyTheStartOfALongMessage) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "é";
  const std::string why =
      Book(R"([{"match":{"text":"x"},"respond":{}}])").Take(Ask(1, text)).near_miss;
  EXPECT_EQ(why, R"(rule [0]: match.text is "x", the last user message is ")" + text.substr(0, 80) +
                     "…\"");
}

}  // namespace
}  // namespace touchstone::provider
