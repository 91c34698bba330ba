#include "reference-host/provider/http_parser.h"

#include <gtest/gtest.h>

#include "reference-host/provider/http_answer.h"
#include "reference-host/provider/url.h"

namespace refhost {
namespace {

TEST(HttpHead, ReadsWhatMatters) {
  const auto head = ParseHttpHead(
      "HTTP/1.1 429 Too Many\r\ncontent-LENGTH: 12\r\nRetry-After:  3 \r\nX: y\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 429);
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_EQ(head->retry_after, "3");
  EXPECT_TRUE(ParseHttpHead("HTTP/1.1 200\r\n\r\n"));
}

TEST(HttpHead, RefusesWhatIsAmbiguousOrNoHttp) {
  for (const char* text :
       {"", "HTTP/2 200 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 2000 OK", "hello",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n"}) {
    EXPECT_FALSE(ParseHttpHead(text)) << text;
  }
}

TEST(ChunkDecoder, AnySplitGivesTheSameBody) {
  const std::string wire = "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (size_t split = 0; split <= wire.size(); ++split) {
    ChunkDecoder decoder;
    std::string body;
    decoder.Feed(wire.substr(0, split), body);
    decoder.Feed(wire.substr(split), body);
    EXPECT_EQ(body, "hello world");
    EXPECT_EQ(decoder.state(), ChunkDecoder::State::kDone);
  }
}

TEST(ChunkDecoder, BrokenSizesAreSeen) {
  for (const char* wire : {"x\r\n", "-1\r\n", "\r\n", "ffffffffffffffffff\r\n", "1\r\nab"}) {
    ChunkDecoder decoder;
    std::string body;
    decoder.Feed(wire, body);
    EXPECT_EQ(decoder.state(), ChunkDecoder::State::kBroken) << wire;
  }
}

TEST(Url, DropsCredentials) {
  const auto url = ParseUrl("https://user:secret@[::1]:8443/v1/?q#f");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->Display(), "https://[::1]:8443/v1");
  EXPECT_EQ(ParseUrl("http://a")->Authority(), "a");
  for (const char* bad : {"ftp://a", "http://", "http://a:b", "http://a:", "http://[::1"}) {
    EXPECT_FALSE(ParseUrl(bad)) << bad;
  }
}

TEST(RetryAfter, OnlyPositiveSeconds) {
  EXPECT_EQ(RetryAfterMs("2"), 2000);
  for (const char* nothing : {"", "0", "-1", "soon", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"}) {
    EXPECT_EQ(RetryAfterMs(nothing), 0) << nothing;
  }
  EXPECT_GT(RetryAfterMs("99999999999999999999999"), 1'000'000);
}

}  // namespace
}  // namespace refhost
