// The fixture of the server's tests: a server with one lane, and a caller made of a raw socket.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fault-injection/provider/server.h"
#include "fault-injection/provider/test_caller.h"

namespace touchstone::provider {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::string_literals;

inline constexpr std::string_view kChat = "/lane/l/v1/chat/completions";

inline std::vector<Rule> Rules(std::string_view text) {
  return ParseRules(boost::json::parse(text)).value();
}

// A server with the lane "l".
class ServerTest : public testing::Test {
 protected:
  std::unique_ptr<Server> server_ = Server::Start({}).value();
  Lane& lane_ = server_->OpenLane("l");

  void Respond(const std::string& respond) {
    lane_.SetRules(Rules(R"([{"respond":)" + respond + "}]"));
  }

  bool Eventually(const std::function<bool(const Snapshot&)>& holds) {
    return lane_.WaitUntil(holds, steady_clock::now() + std::chrono::seconds(10));
  }
  bool EventuallyCall(const std::function<bool(const Call&)>& holds) {
    return Eventually([&](const Snapshot& s) { return !s.calls.empty() && holds(s.calls.back()); });
  }
  Call LastCall() { return lane_.Journal().calls.back(); }

  // What the whole connection carries back for one call, and how it ends.
  std::pair<std::string, Ending> Exchange(const std::string& respond,
                                          std::string_view body = "{}") {
    Respond(respond);
    TestCaller caller(server_->port());
    caller.Post(kChat, body);
    auto result = caller.ReadToEnd();
    EXPECT_TRUE(EventuallyCall([](const Call& c) { return c.answered && c.closed_at; }));
    EXPECT_EQ(LastCall().bytes_sent, result.first.size());
    return result;
  }

  // One response on a connection that stays open.
  std::string Answer(const std::string& respond, std::string_view body = "{}") {
    Respond(respond);
    TestCaller caller(server_->port());
    caller.Post(kChat, body);
    std::string response = caller.ReadResponse();
    EXPECT_EQ(caller.Peek(), (std::pair{""s, Ending::kOpen}));
    return response;
  }
};

}  // namespace touchstone::provider
