#include "fault-injection/provider/rule_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

using std::chrono::milliseconds;

// A rule book whose clock stands still unless the test moves it.
class Book {
 public:
  explicit Book(std::string_view rules, std::uint64_t seed = 1)
      : book_(ParseRules(boost::json::parse(rules)).value(), seed, now_) {}

  Choice Take(const Request& request, const Call& call = {}) {
    return book_.Take(request, call, now_);
  }
  // Which rules answer the calls, one character each, "-" for none.
  std::string Rules(int calls, milliseconds apart = {}) {
    std::string rules;
    for (int i = 1; i <= calls; ++i) {
      Request request;
      request.number = i;
      const int rule = Take(request).rule;
      rules += rule < 0 ? "-" : std::to_string(rule);
      now_ += apart;
    }
    return rules;
  }
  void Pass(milliseconds time) { now_ += time; }
  RuleBook* operator->() { return &book_; }
  RuleBook::Time now() const { return now_; }

 private:
  RuleBook::Time now_{};
  RuleBook book_;
};

Request Ask(int number, std::string text, std::string model = "m") {
  Request request;
  request.number = number;
  request.model = std::move(model);
  request.last_user_text = std::move(text);
  return request;
}

TEST(RuleBook, TakesTheFirstRuleThatMatches) {
  Book book(R"([{"match":{"text":"slow"},"respond":{"text":"a"}},
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
  Book book(R"([{"times":2,"respond":{}},{"respond":{}}])");
  EXPECT_EQ(book.Take(Ask(1, "")).rule, 0);
  EXPECT_EQ(book.Take(Ask(2, "")).rule, 0);
  EXPECT_EQ(book.Take(Ask(3, "")).rule, 1);
}

TEST(RuleBook, SaysWhyTheNearestRuleDoesNotMatch) {
  Book book(R"([{"match":{"text":"x","call":9,"model":"n"},"respond":{}},
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
  Book once(R"([{"times":1,"respond":{}}])");
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

TEST(RuleBook, MatchesEachKey) {
  Request request;
  request.dialect = "anthropic";
  request.texts = {"be brief", "hello"};
  request.turns = 3;
  request.stream = true;
  Call call;
  call.path = "/v1/messages?beta=true";
  call.headers = {{"x-a", "one"}, {"x-a", "two"}, {"x-api-key", "sk-1"}};
  const auto why = [&](const std::string& match) {
    return Book(R"([{"match":{)" + match + R"(},"respond":{}}])").Take(request, call).near_miss;
  };
  for (const char* good :
       {R"("dialect":"anthropic")", R"("any_text":"brief")", R"("turns":3)",
        R"("turns":{"at_least":2})", R"("stream":true)", R"("tools":false)",
        R"("path":"/v1/messages")", R"("path":"*/messages")", R"("path":"*?beta=*")",
        R"("header":{"X-A":"t*"})", R"("header":{"x-a":"one","x-api-key":"sk-*"})"}) {
    EXPECT_EQ(why(good), "") << good;
  }
  const std::vector<std::pair<const char*, const char*>> bad{
      {R"("dialect":"gemini")", "match.dialect is gemini, the request's is anthropic"},
      {R"("any_text":"x")", R"(match.any_text is "x", no message has it)"},
      {R"("turns":2)", "match.turns is 2, the request has 3"},
      {R"("turns":{"at_least":4})", "match.turns is at least 4, the request has 3"},
      {R"("stream":false)", "match.stream is false, the request's is true"},
      {R"("tools":true)", "match.tools is true, the request offers none"},
      {R"("path":"/v2/*")",
       R"(match.path is "/v2/*", the request's path is "/v1/messages?beta=true")"},
      {R"("header":{"x-a":"o"})", R"(match.header.x-a is "o", the request's is "two")"},
      {R"("header":{"x-b":"*"})", R"(match.header.x-b is "*", the request's is missing)"},
      {R"("header":{"x-api-key":"sk-2"})",
       "match.header.x-api-key is another, the request's is not shown"}};
  for (const auto& [match, words] : bad) {
    EXPECT_EQ(why(match), "rule [0]: " + std::string(words));
  }
}

TEST(RuleBook, CountsTheCallsThatARuleAdmits) {
  EXPECT_EQ(Book(R"([{"match":{"rule_call":{"every":3}},"respond":{}},{"respond":{}}])").Rules(7),
            "1101101");
  EXPECT_EQ(Book(R"([{"match":{"rule_call":{"from":2,"to":3}},"respond":{}}])").Rules(5), "-00--");
  EXPECT_EQ(Book(R"([{"match":{"rule_call":2},"respond":{}}])").Rules(3), "-0-");
  EXPECT_EQ(Book(R"([{"match":{"rule_call":{"to":1}},"respond":{}}])").Rules(2), "0-");
  // Calls that an earlier rule takes are counted, those that another condition turns away not.
  EXPECT_EQ(Book(R"([{"times":2,"respond":{}},{"match":{"rule_call":3},"respond":{}}])").Rules(4),
            "001-");
  Book book(R"([{"match":{"text":"a","rule_call":2},"respond":{}}])");
  EXPECT_EQ(book.Take(Ask(1, "a")).near_miss,
            "rule [0]: match.rule_call is from 2 to 2, this is the rule's call 1");
  EXPECT_EQ(book.Take(Ask(2, "b")).rule, -1);
  EXPECT_EQ(book.Take(Ask(3, "a")).rule, 0);
}

TEST(RuleBook, DrawsFromTheSeedAndTheRuleAlone) {
  const std::string_view half = R"([{"probability":0.5,"respond":{}}])";
  const std::string drawn = Book(half).Rules(200);
  EXPECT_EQ(drawn, Book(half).Rules(200));
  EXPECT_NE(drawn, Book(half, 2).Rules(200));
  const auto served = std::count(drawn.begin(), drawn.end(), '0');
  EXPECT_GT(served, 70);
  EXPECT_LT(served, 130);
  std::string behind = Book(R"([{"match":{"call":500},"respond":{}},
                                {"probability":0.5,"respond":{}}])")
                           .Rules(200);
  std::replace(behind.begin(), behind.end(), '1', '0');
  EXPECT_EQ(behind, drawn);  // another rule before it changes nothing
  // Two rules of the same words draw by themselves: the second serves some that the first does not.
  EXPECT_NE(Book(R"([{"probability":0.5,"respond":{}},{"probability":0.5,"respond":{}}])")
                .Rules(50)
                .find('1'),
            std::string::npos);
  EXPECT_EQ(Book(R"([{"probability":1,"respond":{}}])").Rules(3), "000");
  EXPECT_TRUE(Book(R"([{"probability":1e-9,"respond":{}}])")
                  .Take(Ask(1, ""))
                  .near_miss.starts_with("rule [0]: probability is 1e-09, 0."));
}

TEST(RuleBook, IsDownFromSecondFiveToTwelve) {
  EXPECT_EQ(Book(R"([{"during":{"from_s":5,"to_s":12},"respond":{}},{"respond":{}}])")
                .Rules(15, milliseconds(1000)),
            "111110000000111");
  Book first(R"([{"during":{"to_s":1,"since":"first_call"},"respond":{}}])");
  first.Pass(milliseconds(60'000));
  EXPECT_EQ(first.Rules(3, milliseconds(500)), "00-");
  EXPECT_EQ(first.Take(Ask(4, "")).near_miss,
            "rule [0]: during is from 0 ms to 1000 ms since the first call, this is 1500 ms");
}

TEST(RuleBook, RefusesUntilAPause) {
  Book book(R"([{"until":{"quiet_ms":2000},"respond":{}},
                {"after":{"quiet_ms":2000},"respond":{}}])");
  EXPECT_EQ(book.Rules(4, milliseconds(1999)), "0000");
  book.Pass(milliseconds(1));
  EXPECT_EQ(book.Rules(3), "111");
}

TEST(RuleBook, GoesFromStateToState) {
  Book book(R"([{"state":"Started","then":"once","respond":{}},
                {"state":"once","times":2,"respond":{}},
                {"state":"once","then":"up","respond":{}}])");
  EXPECT_EQ(book.Rules(5), "0112-");
  EXPECT_EQ(book->state(), "up");
  EXPECT_EQ(book.Take(Ask(6, "")).near_miss,
            R"(rule [0]: state is "Started", the lane's state is "up")");
  book->SetState("Started");
  EXPECT_EQ(book.Rules(2), "02");
  book->Restart(book.now());
  EXPECT_EQ(book->state(), "Started");
  EXPECT_EQ(book.Rules(4), "0112");
}

TEST(RuleBook, GivesTheRulesBack) {
  const auto rules = boost::json::parse(R"([{"times":1,"respond":{"text":"a"}},{"respond":{}}])");
  EXPECT_EQ(RuleBook(ParseRules(rules).value(), 1, {}).Json(), rules);
  EXPECT_EQ(RuleBook({Rule{}}, 1, {}).Json(), boost::json::parse("[null]"));
}

}  // namespace
}  // namespace touchstone::provider
