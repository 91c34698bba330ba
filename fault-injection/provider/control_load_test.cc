// Callers and controllers at once. Meant to be repeated: --gtest_filter='ControlLoad*'
// --gtest_repeat=200
#include <gtest/gtest.h>

#include <thread>

#include "fault-injection/provider/control_fixture.h"

namespace touchstone::provider {
namespace {

constexpr int kCallers = 8;
constexpr int kRounds = 12;

class ControlLoad : public ControlTest {};

// One caller's work, in an order of its own. Whatever it holds it lets go before it waits for an
// answer, so all of them come to an end.
class Worker {
 public:
  Worker(std::uint16_t port, int number) : caller_(port), control_(port), number_(number) {}

  void Work(int round) {
    const std::string name = "gate-" + std::to_string(number_);
    switch ((round * 5 + number_) % 7) {
      case 0:
        EXPECT_EQ(Control("PUT", "rules", round % 2 == 0 ? kBroken : kFine).status, 200);
        break;
      case 1:
        EXPECT_EQ(Control("POST", "reset", "").status, 200);
        break;
      case 2:
        EXPECT_EQ(Control("GET", "journal?matched=true&limit=50", "").status, 200);
        EXPECT_EQ(Control("GET", "connections", "").status, 200);
        break;
      case 3:
        EXPECT_EQ(Control("GET", "wait?calls=3&ended=true&timeout_ms=5", "").status, 200);
        break;
      case 4: {
        const int held = Control("POST", "hold/" + name, "").status;
        EXPECT_TRUE(held == 200 || held == 201) << held;
        SendCall();
        const int partly = Control("POST", "release/" + name + "?calls=1", "").status;
        EXPECT_TRUE(partly == 200 || partly == 404) << partly;  // after another's reset
        const int released = Control("POST", "release/" + name, "").status;
        EXPECT_TRUE(released == 200 || released == 404) << released;
        ReadCall();
        break;
      }
      case 5:
        EXPECT_EQ(Control("GET", "holds", "").status, 200);
        EXPECT_EQ(Control("PUT", "state", R"({"state":"Started"})").status, 200);
        break;
      default:
        SendCall();
        ReadCall();
    }
  }

 private:
  static constexpr const char* kBroken = R"([{"respond":{"status":503}}])";
  static constexpr const char* kFine = R"([{"times":2,"respond":{"delay_ms":1}},{"respond":{}}])";

  Said Control(std::string_view method, std::string path, std::string_view body) {
    control_.Send(RequestOf(method, "/__touchstone/" + path, body));
    return Understand(control_.ReadResponse());
  }
  void SendCall() { caller_.Post("/v1/chat/completions", "{}"); }
  void ReadCall() { EXPECT_TRUE(caller_.ReadResponse().starts_with("HTTP/1.1 ")); }

  TestCaller caller_;
  TestCaller control_;
  int number_;
};

TEST_F(ControlLoad, EverythingAtOnce) {
  std::vector<std::jthread> threads;
  for (int number = 0; number < kCallers; ++number) {
    threads.emplace_back([this, number] {
      Worker worker(server_->port(), number);
      for (int round = 0; round < kRounds; ++round) worker.Work(round);
    });
  }
  threads.clear();
  EXPECT_EQ(boost::json::serialize(Ask("GET", "holds").json), R"({"barriers":[],"held":[]})");
  Put(R"([{"respond":{"body":"well"}}])");
  EXPECT_EQ(BodyOf(Call()), "well");
}

TEST_F(ControlLoad, WakesEveryWaiterOnce) {
  std::vector<std::unique_ptr<TestCaller>> waiters;
  for (int i = 0; i < 32; ++i) {
    waiters.push_back(std::make_unique<TestCaller>(server_->port()));
    waiters.back()->Send(RequestOf("GET", "/__touchstone/wait?calls=" + std::to_string(i + 1)));
  }
  for (int i = 0; i < 32; ++i) {
    Call();
    EXPECT_GE(Understand(waiters[static_cast<std::size_t>(i)]->ReadResponse()).Number("/calls"),
              i + 1);
  }
  for (auto& waiter : waiters) EXPECT_EQ(waiter->Peek(), (std::pair{""s, Ending::kOpen}));
}

// The waits and the held calls of callers that leave, while the lane changes, and of a server that
// stops.
TEST_F(ControlLoad, EndsWithWaitsAndHeldCalls) {
  Ask("POST", "hold/h", R"({"text":"held"})");
  std::vector<std::unique_ptr<TestCaller>> callers;
  for (int i = 0; i < 32; ++i) {
    callers.push_back(std::make_unique<TestCaller>(server_->port()));
    if (i % 2 == 0) {
      callers.back()->Send(RequestOf("GET", "/__touchstone/wait?calls=9999"));
    } else {
      callers.back()->Post("/v1/chat/completions", Body("held"));
    }
  }
  TestCaller caller(server_->port());
  std::jthread changes([&caller](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      caller.Post("/v1/chat/completions", "{}");
      if (caller.ReadResponse().empty()) return;
    }
  });
  for (int i = 0; i < 16; ++i) callers[static_cast<std::size_t>(i)]->Reset();
  WaitFor("calls=8&closed_by_caller=true");
  server_.reset();
}

}  // namespace
}  // namespace touchstone::provider
