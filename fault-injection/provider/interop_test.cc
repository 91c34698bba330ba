// The mock provider against an HTTP client that nobody here wrote: cpp-httplib reads what we put on
// the wire.
#include <gtest/gtest.h>
#include <httplib.h>

#include <boost/json/parse.hpp>

#include "fault-injection/provider/lane.h"
#include "fault-injection/provider/rule.h"
#include "fault-injection/provider/server.h"

namespace touchstone::provider {
namespace {

constexpr const char* kBody = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";

class InteropTest : public ::testing::Test {
 protected:
  InteropTest() : server_(std::move(*Server::Start({}))), client_("127.0.0.1", server_->port()) {
    // Without these the library waits 40 ms for an ACK and lets go of the connection after a few
    // requests.
    client_.set_tcp_nodelay(true);
    client_.set_keep_alive(true);
  }

  Lane& WithRules(const char* json) {
    Lane& lane = server_->OpenLane("");
    lane.SetRules(std::move(*ParseRules(boost::json::parse(json))));
    return lane;
  }
  httplib::Result Post(const char* body = kBody) {
    return client_.Post("/v1/chat/completions", body, "application/json");
  }

  std::unique_ptr<Server> server_;
  httplib::Client client_;
};

TEST_F(InteropTest, ReadsAnAnswer) {
  WithRules(R"([{"respond":{"text":"four"}}])");
  const auto response = Post();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  const auto json = boost::json::parse(response->body);
  EXPECT_EQ(json.at("choices").at(0).at("message").at("content").as_string(), "four");
}

TEST_F(InteropTest, AThousandRequestsShareOneConnection) {
  Lane& lane = WithRules(R"([{"respond":{"text":"four"}}])");
  for (int i = 0; i < 1000; ++i) {
    const auto response = Post();
    ASSERT_TRUE(response) << i;
    ASSERT_EQ(response->status, 200);
  }
  EXPECT_EQ(lane.Journal().connections, 1);
}

TEST_F(InteropTest, ReadsChunksAndEventStreams) {
  WithRules(
      R"([{"match":{"call":1},"respond":{"text":"in chunks","chunked":true}},
          {"respond":{"text":"as a stream"}}])");
  auto response = Post();
  ASSERT_TRUE(response);
  EXPECT_NE(response->body.find("in chunks"), std::string::npos);
  response = Post(R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->get_header_value("Content-Type").substr(0, 17), "text/event-stream");
  EXPECT_NE(response->body.find("data: [DONE]"), std::string::npos);
}

TEST_F(InteropTest, SeesFaultsAsFaults) {
  WithRules(R"([{"match":{"call":1},"respond":{"text":"cut","close":"in_body"}},
                {"match":{"call":2},"respond":{"text":"reset","reset":"before_headers"}},
                {"respond":{"status":429,"headers":{"retry-after":"7"}}}])");
  EXPECT_EQ(Post().error(), httplib::Error::Read);
  EXPECT_FALSE(Post());
  const auto response = Post();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->get_header_value("retry-after"), "7");
}

}  // namespace
}  // namespace touchstone::provider
