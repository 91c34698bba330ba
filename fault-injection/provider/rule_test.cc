#include "fault-injection/provider/rule.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace touchstone::provider {
namespace {

tl::expected<std::vector<Rule>, RuleError> Parse(std::string_view text) {
  return ParseRules(boost::json::parse(text));
}

Respond ParseRespond(const std::string& respond) {
  auto rules = Parse(R"([{"respond":)" + respond + "}]");
  if (!rules) {
    ADD_FAILURE() << rules.error().path << ": " << rules.error().message;
    return {};
  }
  return rules->front().respond;
}

TEST(ParseRules, ReadsEveryKeyOfARule) {
  const auto rules = Parse(
      R"([{"match":{"text":"slow","call":2,"model":"m"},"times":3,"respond":{}},{"respond":{}}])");
  ASSERT_TRUE(rules);
  ASSERT_EQ(rules->size(), 2u);
  const Rule& rule = rules->front();
  EXPECT_EQ(rule.match.text, "slow");
  EXPECT_EQ(rule.match.call, 2);
  EXPECT_EQ(rule.match.model, "m");
  EXPECT_EQ(rule.times, 3);
  EXPECT_FALSE(rules->back().match.text || rules->back().match.call || rules->back().times);
}

TEST(ParseRules, ReadsTimeAndState) {
  const auto rules = Parse(
      R"([{"match":{"rule_call":{"every":10},"header":{"X-A":"b*"},"turns":{"at_least":2}},
           "probability":0.25,"during":{"from_s":0.5,"to_s":12,"since":"first_call"},
           "after":{"quiet_ms":1},"until":{"quiet_ms":2},"state":"Started","then":"b",
           "respond":{}}])");
  ASSERT_TRUE(rules);
  const Rule& rule = rules->front();
  EXPECT_EQ(rule.match.rule_call, (RuleCall{.every = 10}));
  EXPECT_EQ(rule.match.headers.front(), (std::pair<std::string, std::string>{"x-a", "b*"}));
  EXPECT_EQ(rule.match.turns_from, 2);
  EXPECT_EQ(rule.probability, 0.25);
  EXPECT_EQ(rule.during->from_ms, 500);
  EXPECT_EQ(rule.during->to_ms, 12000);
  EXPECT_TRUE(rule.during->since_first_call);
  EXPECT_EQ(rule.after_ms, 1);
  EXPECT_EQ(rule.until_ms, 2);
  EXPECT_EQ(rule.state, "Started");
  EXPECT_EQ(rule.then, "b");
}

TEST(ParseRules, ReadsAnAnswer) {
  const Respond answer = ParseRespond(
      R"({"text":"four","usage":{"prompt_tokens":9},"finish_reason":"length","status":201,
          "headers":{"x-a":"1"},"content_type":"text/html","chunked":true,
           "delay_ms":5,"hold":"h"})");
  EXPECT_EQ(answer.text, "four");
  EXPECT_EQ(answer.usage, (Usage{9, 3}));
  EXPECT_EQ(answer.finish_reason, "length");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.headers, (std::vector<std::pair<std::string, std::string>>{{"x-a", "1"}}));
  EXPECT_EQ(answer.content_type, "text/html");
  EXPECT_TRUE(answer.chunked);
  EXPECT_EQ(answer.delay_ms, 5);
  EXPECT_EQ(answer.hold, "h");
  EXPECT_EQ(ParseRespond(R"({"usage":null})").usage, std::nullopt);
  EXPECT_EQ(ParseRespond("{}").usage, (Usage{7, 3}));
}

TEST(ParseRules, SendsToolArgumentsAsTheyAre) {
  const Respond answer = ParseRespond(
      R"({"tool_calls":[{"id":"a","name":"f","arguments":{"x":[1]}},
                        {"id":"b","name":"g","arguments":"{\"x\":"}]})");
  EXPECT_EQ(answer.tool_calls,
            (std::vector<ToolCall>{{"a", "f", R"({"x":[1]})"}, {"b", "g", R"({"x":)"}}));
}

TEST(ParseRules, PutsABodyTogetherFromParts) {
  EXPECT_EQ(*ParseRespond(R"({"body":"a\nb"})").body, "a\nb");
  EXPECT_EQ(*ParseRespond(R"({"body":{"base64":"/w=="}})").body, "\xff");
  EXPECT_EQ(*ParseRespond(R"({"body":["<",{"repeat":"ab","times":3},{"base64":"AA=="},">"]})").body,
            std::string("<ababab\0>", 9));
  EXPECT_EQ(*ParseRespond(R"({"body":[]})").body, "");
  EXPECT_EQ(ParseRespond(R"({"body":{"repeat":"x","times":20000000}})").body->size(), 20000000u);
  EXPECT_EQ(ParseRespond("{}").body, nullptr);
}

TEST(ParseRules, ReadsFaults) {
  EXPECT_EQ(ParseRespond(R"({"hang":"before_headers"})").hang, Place::kBeforeHeaders);
  EXPECT_EQ(ParseRespond(R"({"close":"after_headers"})").close, Place::kAfterHeaders);
  EXPECT_EQ(ParseRespond(R"({"reset":"in_body"})").reset, Place::kInBody);
  EXPECT_TRUE(ParseRespond(R"({"endless":true})").endless);
  EXPECT_EQ(ParseRespond(R"({"content_length":9000000000})").content_length, 9000000000u);
}

TEST(ParseRules, TakesRulesThatSomeCallCanReach) {
  for (
      const char* rules : {
          R"([{"match":{"text":"bad"},"respond":{}},{"match":{"text":"a"},"respond":{}}])",
          R"([{"match":{"text":"a"},"times":1,"respond":{}},{"match":{"text":"a"},"respond":{}}])",
          R"([{"match":{"rule_call":2},"respond":{}},{"match":{"rule_call":2},"respond":{}}])",
          R"([{"state":"Started","then":"b","respond":{}},{"state":"b","respond":{}}])",
          R"([{"match":{"turns":2},"respond":{}},{"match":{"turns":{"at_least":2}},"respond":{}}])",
          R"([{"match":{"path":"/v1/*"},"respond":{}},{"match":{"path":"*ess*"},"respond":{}}])",
          R"([{"match":{"path":"*?key=*","dialect":"gemini"},"respond":{}}])",
          R"([{"match":{"path":"/v1/messages?beta=true"},"respond":{}}])",
          R"([{"match":{"path":"/v1beta/models/*:stream*"},"respond":{}}])",
      }) {
    const auto read = Parse(rules);
    EXPECT_TRUE(read) << rules << read.error().path << ": " << read.error().message;
  }
}

struct Bad {
  const char* rules;
  const char* path;
  const char* message;
};

class ParseRulesRefuses : public testing::TestWithParam<Bad> {};

TEST_P(ParseRulesRefuses, WithPathAndReason) {
  const auto rules = Parse(GetParam().rules);
  ASSERT_FALSE(rules) << GetParam().rules;
  EXPECT_EQ(rules.error().path, GetParam().path);
  EXPECT_EQ(rules.error().message, GetParam().message);
}

constexpr char kPlaces[] =
    R"(expected "before_headers", "in_headers", "after_headers", "in_body", "mid_stream" or )"
    R"("before_end_marker", got the string "later")";

INSTANTIATE_TEST_SUITE_P(
    Each, ParseRulesRefuses,
    testing::Values(
        Bad{R"({})", "", "expected a list of rules, got the object {}"},
        Bad{R"([1])", "[0]",
            R"(expected a rule, {"match":{…},"times":N,"respond":{…}}, got the number 1)"},
        Bad{R"([{"respond":{}},{"match":{}}])", "[1]", "expected the key respond"},
        Bad{R"([{"respnd":{}}])", "[0].respnd",
            "unknown key; known are match, times, probability, during, after, until, state, then, "
            "respond"},
        Bad{R"([{"times":0,"respond":{}}])", "[0].times",
            "expected an integer from 1 to 2147483647, got the number 0"},
        Bad{R"([{"times":18446744073709551615,"respond":{}}])", "[0].times",
            "expected an integer from 1 to 2147483647, got the number 18446744073709551615"},
        Bad{R"([{"match":[],"respond":{}}])", "[0].match", "expected an object, got the list []"},
        Bad{R"([{"match":{"txt":""},"respond":{}}])", "[0].match.txt",
            "unknown key; known are text, any_text, call, rule_call, model, dialect, path, header, "
            "turns, stream, tools"},
        Bad{R"([{"match":{"text":""},"respond":{}}])", "[0].match.text",
            R"(expected a string that is not empty, got the string "")"},
        Bad{R"([{"match":{"call":1.5},"respond":{}}])", "[0].match.call",
            "expected an integer from 1 to 2147483647, got the number 1.5E0"},
        Bad{R"([{"match":{"model":null},"respond":{}}])", "[0].match.model",
            "expected a string, got null"},
        Bad{R"([{"match":{"dialect":"openai"},"respond":{}}])", "[0].match.dialect",
            R"(expected "openai-chat", "openai-responses", "anthropic" or "gemini", )"
            R"(got the string "openai")"},
        Bad{R"([{"match":{"path":""},"respond":{}}])", "[0].match.path",
            R"(expected a string that is not empty, got the string "")"},
        Bad{R"([{"match":{"header":{}},"respond":{}}])", "[0].match.header",
            R"(expected an object of names and values, {"x-a":"b*"}, got the object {})"},
        Bad{R"([{"match":{"header":{"a b":""}},"respond":{}}])", "[0].match.header.a b",
            "expected a header's name"},
        Bad{R"([{"match":{"header":{"a":1}},"respond":{}}])", "[0].match.header.a",
            "expected a string without CR, LF and NUL, got the number 1"},
        Bad{R"([{"match":{"turns":-1},"respond":{}}])", "[0].match.turns",
            "expected an integer from 0 to 2147483647, got the number -1"},
        Bad{R"([{"match":{"turns":{"at_most":1}},"respond":{}}])", "[0].match.turns.at_most",
            "unknown key; known are at_least"},
        Bad{R"([{"match":{"stream":"yes"},"respond":{}}])", "[0].match.stream",
            R"(expected true or false, got the string "yes")"},
        Bad{R"([{"match":{"tools":0},"respond":{}}])", "[0].match.tools",
            "expected true or false, got the number 0"},
        Bad{R"([{"match":{"rule_call":0},"respond":{}}])", "[0].match.rule_call",
            "expected an integer from 1 to 2147483647, got the number 0"},
        Bad{R"([{"match":{"rule_call":{}},"respond":{}}])", "[0].match.rule_call",
            R"(expected an integer, {"every":N} or {"from":N,"to":N}, got the object {})"},
        Bad{R"([{"match":{"rule_call":{"from":3,"to":2}},"respond":{}}])", "[0].match.rule_call",
            "never matches: from is 3, to is 2"},
        Bad{R"([{"match":{"rule_call":{"from":3,"every":2}},"respond":{}}])", "[0].match.rule_call",
            "every excludes from and to"},
        Bad{R"([{"probability":1.5,"respond":{}}])", "[0].probability",
            "expected a number from 0 to 1, got the number 1.5E0"},
        Bad{R"([{"probability":0,"respond":{}}])", "[0].probability",
            "never matches: the probability is 0"},
        Bad{R"([{"during":{},"respond":{}}])", "[0].during", "expected the key from_s or to_s"},
        Bad{R"([{"during":{"from_s":-1},"respond":{}}])", "[0].during.from_s",
            "expected a number from 0 to 86400, got the number -1"},
        Bad{R"([{"during":{"from_s":5,"to_s":5},"respond":{}}])", "[0].during",
            "never matches: from_s is not less than to_s"},
        Bad{R"([{"during":{"to_s":5,"since":"dawn"},"respond":{}}])", "[0].during.since",
            R"(expected "rules" or "first_call", got the string "dawn")"},
        Bad{R"([{"after":2000,"respond":{}}])", "[0].after",
            R"(expected an object, {"quiet_ms":N}, got the number 2000)"},
        Bad{R"([{"until":{"quiet_ms":0},"respond":{}}])", "[0].until.quiet_ms",
            "expected an integer from 1 to 86400000, got the number 0"},
        Bad{R"([{"after":{"quiet_ms":5},"until":{"quiet_ms":5},"respond":{}}])", "[0]",
            "never matches: after is not less than until"},
        Bad{R"([{"state":"up","respond":{}}])", "[0].state",
            R"(never matches: no rule has "then":"up")"},
        Bad{R"([{"then":"","respond":{}}])", "[0].then",
            R"(expected a string that is not empty, got the string "")"},
        Bad{R"([{"then":"a","respond":{}},{"state":"a","respond":{}}])", "[1]",
            "never matches: rule [0] takes every call"},
        Bad{R"([{"match":{"path":"/v1/embeddings"},"respond":{}}])", "[0].match.path",
            "never matches: no call has such a path; known are POST …/chat/completions, "
            "…/responses, …/messages, …:generateContent and …:streamGenerateContent"},
        Bad{R"([{"match":{"path":"*/messages","dialect":"openai-chat"},"respond":{}}])",
            "[0].match.path",
            "never matches: no call of that dialect has such a path; known are POST "
            "…/chat/completions, …/responses, …/messages, …:generateContent and "
            "…:streamGenerateContent"},
        Bad{R"([{"match":{"call":3,"rule_call":2},"respond":{}}])", "[0].match.rule_call",
            "never matches: match.call admits one call, which is the rule's first"},
        Bad{R"([{"match":{"text":"a"},"respond":{}},{"match":{"text":"bad"},"times":1,)"
            R"("respond":{}}])",
            "[1]", "never matches: rule [0] takes every call that this one would"},
        Bad{R"([{"state":"Started","respond":{}},{"match":{"call":1},"state":"Started",)"
            R"("respond":{}}])",
            "[1]", "never matches: rule [0] takes every call that this one would"},
        Bad{R"([{"match":{"header":{"a":"b"},"turns":{"at_least":2}},"respond":{}},)"
            R"({"match":{"header":{"x":"*","a":"b"},"turns":2},"respond":{}}])",
            "[1]", "never matches: rule [0] takes every call that this one would"},
        Bad{R"([{"respond":"hi"}])", "[0].respond", R"(expected an object, got the string "hi")"},
        Bad{R"([{"respond":{"hangs":1}}])", "[0].respond.hangs",
            "unknown key; known are text, tool_calls, usage, finish_reason, status, error, "
            "headers, "
            "body, content_type, content_length, delay_ms, hold, hang, close, reset, chunked, "
            "endless, "
            "first_token_ms, gap_ms, pings_ms, drip, after_chunks, bad_chunk, cut_utf8, "
            "malformed_event, error_event, duplicate_chunk, swap_chunks, gzip"},
        Bad{R"([{"respond":{"error":"overloaded"}}])", "[0].respond.error",
            "expected one of invalid_request_error, invalid_api_key, authentication_error, "
            "permission_error, model_not_found, not_found_error, request_too_large, "
            "context_length_exceeded, rate_limit_exceeded, rate_limit_error, insufficient_quota, "
            "timeout_error, server_error, api_error, server_is_overloaded, overloaded_error, got "
            "the string \"overloaded\""},
        Bad{R"([{"respond":{"error":"api_error","status":500}}])", "[0].respond",
            "error and status exclude each other"},
        Bad{R"([{"respond":{"error":"api_error","text":"a"}}])", "[0].respond",
            "error and text exclude each other"},
        Bad{R"([{"respond":{"text":4}}])", "[0].respond.text",
            "expected a string, got the number 4"},
        Bad{R"([{"respond":{"tool_calls":[]}}])", "[0].respond.tool_calls",
            "expected a list of tool calls that is not empty, got the list []"},
        Bad{R"([{"respond":{"tool_calls":[{"id":"a","arguments":"x"}]}}])",
            "[0].respond.tool_calls[0]", "expected the key name"},
        Bad{R"([{"respond":{"tool_calls":[{"id":"a","name":"b","arguments":1}]}}])",
            "[0].respond.tool_calls[0].arguments",
            "expected an object, or a string that is sent as it is, got the number 1"},
        Bad{R"([{"respond":{"usage":{"prompt_tokens":-1}}}])", "[0].respond.usage.prompt_tokens",
            "expected an integer from 0 to 4611686018427387903, got the number -1"},
        Bad{R"([{"respond":{"usage":{"total_tokens":1}}}])", "[0].respond.usage.total_tokens",
            "unknown key; known are prompt_tokens, completion_tokens"},
        Bad{R"([{"respond":{"status":99}}])", "[0].respond.status",
            "expected an integer from 200 to 599, got the number 99"},
        Bad{R"([{"respond":{"status":"500"}}])", "[0].respond.status",
            R"(expected an integer from 200 to 599, got the string "500")"},
        Bad{R"([{"respond":{"headers":{"a b":"c"}}}])", "[0].respond.headers.a b",
            "expected a header's name"},
        Bad{R"([{"respond":{"headers":{"a":1}}}])", "[0].respond.headers.a",
            "expected a string without CR, LF and NUL, got the number 1"},
        Bad{R"([{"respond":{"headers":{"a":"b\r\nc: d"}}}])", "[0].respond.headers.a",
            R"(expected a string without CR, LF and NUL, got the string "b\r\nc: d")"},
        Bad{R"([{"respond":{"headers":{"Content-Length":"1"}}}])",
            "[0].respond.headers.Content-Length",
            "expected another header; use content_length or chunked"},
        Bad{R"([{"respond":{"body":{"a":1}}}])", "[0].respond.body",
            R"(expected a string, {"base64":"…"} or {"repeat":"…","times":N}, )"
            R"(got the object {"a":1})"},
        Bad{R"([{"respond":{"body":["a",{"base64":"!"}]}}])", "[0].respond.body[1].base64",
            R"(expected base64, got the string "!")"},
        Bad{R"([{"respond":{"body":{"repeat":"a"}}}])", "[0].respond.body",
            R"(expected {"repeat":"…","times":N} and no other key, got the object {"repeat":"a"})"},
        Bad{R"([{"respond":{"body":{"repeat":"ab","times":134217729}}}])", "[0].respond.body.times",
            "the body exceeds 256 MiB"},
        Bad{R"([{"respond":{"content_type":"a\nb"}}])", "[0].respond.content_type",
            R"(expected a string without CR, LF and NUL, got the string "a\nb")"},
        Bad{R"([{"respond":{"content_length":-1}}])", "[0].respond.content_length",
            "expected an integer of at least 0, got the number -1"},
        Bad{R"([{"respond":{"delay_ms":86400001}}])", "[0].respond.delay_ms",
            "expected an integer from 0 to 86400000, got the number 86400001"},
        Bad{R"([{"respond":{"hold":""}}])", "[0].respond.hold",
            R"(expected a string that is not empty, got the string "")"},
        Bad{R"([{"respond":{}},{"respond":{"hang":"later"}}])", "[1].respond.hang", kPlaces},
        Bad{R"([{"respond":{"close":"later"}}])", "[0].respond.close", kPlaces},
        Bad{R"([{"respond":{"reset":"later"}}])", "[0].respond.reset", kPlaces},
        Bad{R"([{"respond":{"chunked":1}}])", "[0].respond.chunked",
            "expected true or false, got the number 1"},
        Bad{R"([{"respond":{"endless":"yes"}}])", "[0].respond.endless",
            R"(expected true or false, got the string "yes")"},
        Bad{R"([{"respond":{"hang":"in_body","reset":"in_body"}}])", "[0].respond",
            "hang and reset exclude each other"},
        Bad{R"([{"respond":{"close":"in_body","endless":true}}])", "[0].respond",
            "close and endless exclude each other"},
        Bad{R"([{"respond":{"text":"a","body":"b"}}])", "[0].respond",
            "text and body exclude each other"},
        Bad{R"([{"respond":{"text":"a","status":500}}])", "[0].respond",
            "text needs a status from 200 to 299, got 500"},
        Bad{R"([{"respond":{"chunked":true,"content_length":5}}])", "[0].respond",
            "chunked and content_length exclude each other"},
        Bad{R"([{"respond":{"delay_ms":{"uniform":[5,1]}}}])", "[0].respond.delay_ms.uniform[1]",
            "expected an integer from 5 to 86400000, got the number 1"},
        Bad{R"([{"respond":{"gap_ms":{"uniform":5}}}])", "[0].respond.gap_ms.uniform",
            "expected a list of the least and the most, got the number 5"},
        Bad{R"([{"respond":{"gap_ms":{}}}])", "[0].respond.gap_ms",
            "expected one of the keys uniform, lognormal"},
        Bad{R"([{"respond":{"first_token_ms":{"lognormal":{"median_ms":1,"sigma":1}}}}])",
            "[0].respond.first_token_ms.lognormal", "expected the key max_ms"},
        Bad{R"([{"respond":{"delay_ms":{"lognormal":{"median_ms":1,"sigma":11,"max_ms":5}}}}])",
            "[0].respond.delay_ms.lognormal.sigma",
            "expected a number from 0 to 10, got the number 11"},
        Bad{R"([{"respond":{"drip":1}}])", "[0].respond.drip",
            R"(expected an object, {"bytes":1,"every_ms":1000}, got the number 1)"},
        Bad{R"([{"respond":{"drip":{"bytes":0}}}])", "[0].respond.drip.bytes",
            "expected an integer of at least 1, got the number 0"},
        Bad{R"([{"respond":{"drip":{},"gap_ms":5}}])", "[0].respond",
            "gap_ms and drip exclude each other"},
        Bad{R"([{"respond":{"after_chunks":2}}])", "[0].respond",
            "after_chunks needs mid_stream or error_event"},
        Bad{R"([{"respond":{"pings_ms":2,"hang":"in_headers"}}])", "[0].respond",
            "pings_ms needs a hang after the header, first_token_ms or gap_ms"},
        Bad{R"([{"respond":{"pings_ms":2,"gap_ms":5,"content_length":1}}])", "[0].respond",
            "pings_ms and content_length exclude each other"},
        Bad{R"([{"respond":{"bad_chunk":true,"hang":"in_body"}}])", "[0].respond",
            "hang and bad_chunk exclude each other"},
        Bad{R"([{"respond":{"cut_utf8":"twice"}}])", "[0].respond.cut_utf8",
            R"(expected "between_chunks" or "for_good", got the string "twice")"},
        Bad{R"([{"respond":{"cut_utf8":"for_good","text":"plain"}}])", "[0].respond",
            "cut_utf8 needs a text or body with a character outside of ASCII"},
        Bad{R"([{"respond":{"gzip":true,"swap_chunks":1}}])", "[0].respond",
            "gzip excludes what acts on single chunks"},
        Bad{R"([{"respond":{"error_event":200}}])", "[0].respond.error_event",
            "expected an integer from 400 to 599, got the number 200"},
        Bad{R"([{"respond":{"error_event":500,"body":"a"}}])", "[0].respond",
            "error_event and body exclude each other"},
        Bad{R"([{"respond":{"error_event":500,"status":500}}])", "[0].respond",
            "error_event needs a status from 200 to 299"}));

}  // namespace
}  // namespace touchstone::provider
