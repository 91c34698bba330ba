#include "reference-host/host/host.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "reference-host/ops/log.h"
#include "reference-host/provider/wait.h"
#include "reference-host/store/sqlite_store.h"

namespace refhost {
namespace {

using Json = nlohmann::json;

constexpr int kTrials = 300;

// Records what was sent; a test waits for what it expects.
class Recorder : public ReplySink {
 public:
  std::string Format(const Response& response) override { return FormatTyped(response, 0); }
  void Push(std::string line) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(Json::parse(line));
    arrived_.notify_all();
  }
  // The first line of this type for this id.
  Json Await(const std::string& type, const std::string& id) {
    std::unique_lock lock(mutex_);
    Json found;
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] {
      for (const Json& line : lines_) {
        if (line["type"] == type && line["request_id"] == id) found = line;
      }
      return !found.is_null();
    });
    return found;
  }
  std::vector<Json> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Json> lines_;
};

// Answers after as many microseconds as the prompt says; "hang" waits for the stop request.
class DelayedProvider : public Provider {
 public:
  AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits& limits) override {
    const std::string& prompt = transcript.back().text;
    const auto delay =
        prompt == "hang" ? std::chrono::hours(1) : std::chrono::microseconds(std::stol(prompt));
    const Waiter waiter(limits.stop);
    if (waiter.Wait(-1, 0, Now() + delay) == WaitResult::kCanceled && !stubborn) {
      return tl::unexpected(ProviderError{ProviderFault::kCanceled, "stopped", false, 0});
    }
    return Answer{"messages: " + std::to_string(transcript.size())};
  }
  bool stubborn = false;  // answers although it was told to stop
};

class HostTest : public testing::Test {
 protected:
  HostTest() {
    SetLogLevel(LogLevel::kError);
    char name[] = "/tmp/refhost-host-XXXXXX";
    dir_ = mkdtemp(name);
    auto store = SqliteStore::Open(dir_, {}, UnixMs);
    lookup_ = std::move(*(*store)->OpenAnother());
    queue_ = std::make_unique<StoreQueue>(std::move(*store), StoreQueue::Threading::kOwnThread);
    auto provider = std::make_unique<DelayedProvider>();
    provider_ = provider.get();
    engine_ = std::make_unique<Engine>(std::move(provider));
    toolbox_ = std::make_unique<Toolbox>(ToolSettings{dir_, 1000, {}, {}});
    HostSettings settings;
    settings.admission = {4, 1, 100};
    host_ =
        std::make_unique<Host>(settings, *engine_, *toolbox_, *queue_, lookup_.get(), loop_, sink_);
    thread_ = std::jthread([this] { loop_.Run(); });
  }
  ~HostTest() override {
    loop_.Stop();
    thread_.join();
    queue_.reset();  // its last callbacks use the host
    host_.reset();
    std::filesystem::remove_all(dir_);
  }

  void Run(const std::string& id, const std::string& session, const std::string& prompt,
           const std::string& key, int timeout_ms = 10'000) {
    host_->Handle(Json({{"protocol_version", 1},
                        {"type", "run"},
                        {"request_id", id},
                        {"session_id", session},
                        {"prompt", prompt},
                        {"idempotency_key", key},
                        {"timeout_ms", timeout_ms}})
                      .dump(),
                  Now());
  }
  void Cancel(const std::string& session, const std::string& target) {
    host_->Handle(Json({{"protocol_version", 1},
                        {"type", "cancel"},
                        {"request_id", "c" + target},
                        {"session_id", session},
                        {"target_request_id", target}})
                      .dump(),
                  Now());
  }

  // One ack, then one final per run, and each session's second turn agrees with the first's end.
  void CheckTrials(int trials) {
    std::map<std::string, std::string> ends;
    std::map<std::string, int> finals;
    for (int i = 0; i < trials; ++i) {
      const std::string n = std::to_string(i);
      ends["r" + n] = sink_.Await("final", "r" + n)["status"];
      Run("next" + n, "s" + n, "0", "other");
      const Json next = sink_.Await("final", "next" + n);
      EXPECT_EQ(next["text"], ends["r" + n] == "OK" ? "messages: 3" : "messages: 1") << n;
    }
    for (const Json& line : sink_.lines()) {
      if (line["type"] == "final") ++finals[line["request_id"]];
      if (line["type"] == "ack" && line["status"] == "ACCEPTED") {
        EXPECT_EQ(finals.count(line["request_id"]), 0u) << "ack after final";
      }
    }
    for (const auto& [id, count] : finals) EXPECT_EQ(count, 1) << id;
    int ok = 0;
    for (const auto& [id, status] : ends) ok += status == "OK";
    if (trials < kTrials) return;
    EXPECT_GT(ok, 0) << "the answer never won";
    EXPECT_LT(ok, trials) << "the answer always won";
  }

  std::string dir_;
  EventLoop loop_;
  Recorder sink_;
  std::unique_ptr<SqliteStore> lookup_;
  std::unique_ptr<StoreQueue> queue_;
  DelayedProvider* provider_ = nullptr;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Toolbox> toolbox_;
  std::unique_ptr<Host> host_;
  std::jthread thread_;
};

TEST_F(HostTest, TimeoutAgainstCompletion) {
  for (int i = 0; i < kTrials; ++i) {
    const std::string n = std::to_string(i);
    Run("r" + n, "s" + n, std::to_string(i * 37 % 3900), "k", 2);
    sink_.Await("final", "r" + n);
  }
  CheckTrials(kTrials);
}

TEST_F(HostTest, CancelAgainstCompletion) {
  std::mt19937 random(11);
  for (int i = 0; i < kTrials; ++i) {
    const std::string n = std::to_string(i);
    Run("r" + n, "s" + n, std::to_string(random() % 600), "k");
    const TimePoint until = Now() + std::chrono::microseconds(random() % 900);
    while (Now() < until) std::this_thread::yield();
    Cancel("s" + n, "r" + n);
    const Json final = sink_.Await("final", "r" + n);
    const bool accepted =
        !sink_.Await(final["status"] == "CANCELED" ? "ack" : "error", "cr" + n).is_null();
    ASSERT_TRUE(accepted) << "the answer to the cancel and the final disagree: " << final;
  }
  CheckTrials(kTrials);
}

TEST_F(HostTest, AnAnswerAfterTheTerminalIsDropped) {
  provider_->stubborn = true;
  Run("r0", "s0", "hang", "k", 5);
  EXPECT_EQ(sink_.Await("final", "r0")["status"], "TIMEOUT");
  CheckTrials(1);
  Run("again", "s0", "0", "k");  // no entry either
  EXPECT_FALSE(sink_.Await("final", "again").contains("replayed"));
}

TEST_F(HostTest, TheQueueOfASessionIsServedInOrder) {
  Run("first", "s", "hang", "0");
  for (int i = 0; i < 20; ++i) Run("q" + std::to_string(i), "s", "0", std::to_string(i + 1));
  Cancel("s", "q7");
  Cancel("s", "first");
  sink_.Await("final", "q19");
  std::string order;
  for (const Json& line : sink_.lines()) {
    if (line["type"] == "final") order += line["request_id"].get<std::string>() + " ";
  }
  EXPECT_EQ(order.substr(0, 24), "q7 first q0 q1 q2 q3 q4 ");
}

}  // namespace
}  // namespace refhost
