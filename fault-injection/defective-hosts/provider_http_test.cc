#include "fault-injection/defective-hosts/provider_http.h"

#include <gtest/gtest.h>

namespace touchstone::defective {
namespace {

using End = ProviderAnswer::End;

// As if each byte came alone.
ProviderAnswer ReadSlowly(const std::string& bytes, End end, std::size_t limit = 1000) {
  AnswerReader reader(limit);
  for (const char c : bytes) {
    if (!reader.Take(std::string(1, c))) break;
  }
  return reader.Finish(end);
}

TEST(ProviderHttpTest, ReadsAHead) {
  EXPECT_FALSE(ParseHead("POST /v1 HTTP/1.1\r\nA: b\r\n"));
  const auto head = ParseHead("POST /v1 HTTP/1.1\r\nA:  b \r\ncontent-LENGTH: 12\r\n\r\nrest");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->first, "POST /v1 HTTP/1.1");
  EXPECT_EQ(HeaderOf(head->headers, "a"), "b");
  EXPECT_EQ(head->content_length(), 12u);
  EXPECT_EQ(head->headers.size(), 2u);
  EXPECT_FALSE(head->chunked());
}

TEST(ProviderHttpTest, ReadsBodiesOfAllKinds) {
  const auto sized = ReadSlowly("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", End::kCut);
  EXPECT_EQ(sized.status, 200);
  EXPECT_EQ(sized.body, "abc");
  EXPECT_TRUE(sized.whole());
  const auto chunked = ReadSlowly(
      "HTTP/1.1 503 Down\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
      End::kCut);
  EXPECT_EQ(chunked.status, 503);
  EXPECT_EQ(chunked.body, "abcd");
  EXPECT_TRUE(chunked.whole());
  const auto open_ended = ReadSlowly("HTTP/1.1 200 OK\r\n\r\nabc", End::kCut);
  EXPECT_EQ(open_ended.body, "abc");
  EXPECT_TRUE(open_ended.whole());
  EXPECT_EQ(ReadSlowly("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", End::kCut).status,
            204);
}

TEST(ProviderHttpTest, SaysHowAnAnswerEnded) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  EXPECT_EQ(ReadSlowly(head + "abc", End::kCut).end, End::kCut);
  EXPECT_EQ(ReadSlowly(head + "abc", End::kCut).body, "abc");
  EXPECT_EQ(ReadSlowly(head + "abc", End::kReset).end, End::kReset);
  EXPECT_EQ(ReadSlowly("", End::kReset).status, 0);
  const auto chunked = ReadSlowly(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde", End::kCut);
  EXPECT_EQ(chunked.body, "abcde");
  EXPECT_EQ(chunked.end, End::kCut);
  EXPECT_EQ(ReadSlowly("HTTP/1.1 200 OK\r\n\r\nabcdef", End::kCut, 3).end, End::kCut);
}

TEST(ProviderHttpTest, WritesWhatWasChanged) {
  ProviderExchange exchange;
  exchange.method = "POST";
  exchange.target = "/v1";
  exchange.headers = {{"Host", "h"}, {"content-length", "7"}, {"Expect", "100-continue"}};
  exchange.body = "longer than seven";
  EXPECT_EQ(RequestBytes(exchange),
            "POST /v1 HTTP/1.1\r\nHost: h\r\ncontent-length: 17\r\n\r\nlonger than seven");
  ProviderAnswer answer{200, {{"Transfer-Encoding", "chunked"}, {"X", "y"}}, "abc"};
  EXPECT_EQ(AnswerBytes(answer),
            "HTTP/1.1 200 Answer\r\nX: y\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
  answer.end = End::kCut;
  EXPECT_NE(AnswerBytes(answer).find("Content-Length: 1003"), std::string::npos);
}

}  // namespace
}  // namespace touchstone::defective
