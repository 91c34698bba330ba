// Many callers at once. Each test is meant to be repeated: --gtest_filter='ServerLoad*'
// --gtest_repeat=200
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <thread>

#include "fault-injection/provider/server.h"
#include "fault-injection/provider/test_caller.h"

namespace touchstone::provider {
namespace {

constexpr int kCallers = 64;
constexpr std::string_view kChat = "/lane/l/v1/chat/completions";

std::vector<Rule> Rules(std::string_view text) {
  return ParseRules(boost::json::parse(text)).value();
}

class ServerLoad : public testing::Test {
 protected:
  std::unique_ptr<Server> server_ = Server::Start({}).value();
  Lane& lane_ = server_->OpenLane("l");

  bool Eventually(const std::function<bool(const Snapshot&)>& holds) {
    return lane_.WaitUntil(holds, std::chrono::steady_clock::now() + std::chrono::seconds(20));
  }
  std::vector<std::unique_ptr<TestCaller>> Connect() {
    std::vector<std::unique_ptr<TestCaller>> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.push_back(std::make_unique<TestCaller>(server_->port()));
    }
    return callers;
  }
};

TEST_F(ServerLoad, Serves64ConnectionsInParallel) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < kCallers; ++i) {
    threads.emplace_back([this] {
      TestCaller caller(server_->port());
      for (int call = 0; call < 5; ++call) {
        caller.Post(kChat, "{}");
        EXPECT_TRUE(caller.ReadResponse().starts_with("HTTP/1.1 200 OK\r\n"));
      }
    });
  }
  threads.clear();
  const Snapshot journal = lane_.Journal();
  EXPECT_EQ(journal.calls.size(), 5u * kCallers);
  EXPECT_EQ(journal.connections, kCallers);
  for (std::size_t i = 0; i < journal.calls.size(); ++i) {
    EXPECT_EQ(journal.calls[i].number, static_cast<int>(i) + 1);
  }
}

TEST_F(ServerLoad, ReleaseLetsAllHeldCallsGo) {
  lane_.SetRules(Rules(R"([{"respond":{"hold":"h","body":"a"}}])"));
  auto callers = Connect();
  for (auto& caller : callers) caller->Post(kChat, "{}");
  lane_.Release("h");  // some calls are held by now, some have not come
  for (auto& caller : callers) EXPECT_EQ(BodyOf(caller->ReadResponse()), "a");
  EXPECT_TRUE(Eventually([](const Snapshot& s) {
    return std::ranges::count_if(s.calls, &Call::answered) == kCallers;
  }));
}

TEST_F(ServerLoad, SeesEachOf64CallersClose) {
  lane_.SetRules(Rules(R"([{"respond":{"hang":"in_body"}}])"));
  auto callers = Connect();
  for (auto& caller : callers) caller->Post(kChat, "{}");
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() == kCallers; }));
  for (std::size_t i = 0; i < callers.size(); ++i) {
    if (i % 2 == 0) callers[i]->Close();
    if (i % 2 == 1) callers[i]->Reset();
  }
  EXPECT_TRUE(Eventually([](const Snapshot& s) {
    return std::ranges::count_if(s.calls, &Call::closed_by_caller) == kCallers;
  }));
}

TEST_F(ServerLoad, LanesOpenAndCloseWhileOthersServe) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 10; ++round) {
        const std::string name = "lane-" + std::to_string(i);
        Lane& lane = server_->OpenLane(name);
        lane.SetRules(Rules(R"([{"times":1,"respond":{"body":"a"}},{"respond":{"hold":"h"}}])"));
        TestCaller caller(server_->port());
        caller.Post("/lane/" + name + "/v1/messages", "{}");
        EXPECT_EQ(BodyOf(caller.ReadResponse()), "a");
        caller.Post("/lane/" + name + "/v1/messages", "{}");
        EXPECT_TRUE(lane.WaitUntil([](const Snapshot& s) { return s.calls.size() == 2; },
                                   std::chrono::steady_clock::now() + std::chrono::seconds(20)));
        server_->CloseLane(name);
        EXPECT_EQ(caller.ReadToEnd().second, Ending::kFin);
      }
    });
  }
  threads.clear();
}

TEST_F(ServerLoad, StopsUnderLoad) {
  auto callers = Connect();
  std::vector<std::jthread> threads;
  for (auto& caller : callers) {
    threads.emplace_back([&caller] {
      do {
        caller->Post(kChat, "{}");
      } while (!caller->ReadResponse().empty());
    });
  }
  ASSERT_TRUE(Eventually([](const Snapshot& s) { return s.calls.size() >= 200; }));
  server_.reset();
}

}  // namespace
}  // namespace touchstone::provider
