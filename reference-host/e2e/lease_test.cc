// Owners of runs that are stopped, not dead: they are replaced when their lease has run out, and
// what they do afterwards changes nothing.
#include <gtest/gtest.h>
#include <signal.h>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

using Call = FakeProvider::Call;

constexpr int kGraceMs = 600;

class Lease : public testing::TestWithParam<bool> {
 protected:
  Lease()
      : provider_([this](const Call& call) {
          if (call.number == 1) Eventually([this] { return open_.load(); });
          call.Answer("call " + std::to_string(call.number));
        }) {
    env_ = provider_.EnvFor(dir_);
    env_["ZENE_CANCEL_GRACE_MS"] = std::to_string(kGraceMs);
  }
  ~Lease() override { open_ = true; }

  HostProcess Start() {
    return HostProcess(GetParam() ? StreamArgs() : std::vector<std::string>{"host"}, env_);
  }
  Json Final(HostProcess& host, const std::string& id) { return host.Await("final", id); }

  TempDir dir_;
  std::atomic<bool> open_{false};
  FakeProvider provider_;
  Env env_;
};

// IDEM-11, and the fence: the stopped owner must not commit a second answer.
TEST_P(Lease, AStoppedOwnerLosesItsPair) {
  HostProcess first = Start();
  first.SendLine(RunRequest("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return provider_.calls() == 1; }));
  first.Signal(SIGSTOP);
  const int64_t start = NowMs();
  HostProcess second({"host"}, env_);
  second.SendLine(RunRequest("b", "s", "p", "k"));
  EXPECT_EQ(Final(second, "b")["text"], "call 2");
  EXPECT_LE(NowMs() - start, 2 * kGraceMs);
  open_ = true;  // the answer waits for the stopped owner
  first.Signal(SIGCONT);
  const Json final = Final(first, "a");
  EXPECT_EQ(final["status"], "ERROR") << final;
  EXPECT_EQ(final["error"]["code"], "INTERNAL") << final;
  const Json replay = OneShot(RunRequest("c", "s", "p", "k").dump() + "\n", env_).json;
  EXPECT_EQ(replay["text"], "call 2");
  EXPECT_EQ(replay["replayed"], true);
  OneShot(RunRequest("d", "s", "next", "l").dump() + "\n", env_);
  EXPECT_EQ(provider_.call(2).body["messages"].size(), 3u) << "one turn, not two";
}

// SESS-06: another key of the same session need not wait for ever either.
TEST_P(Lease, AStoppedOwnerLosesItsPlaceInTheSession) {
  HostProcess first = Start();
  first.SendLine(RunRequest("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return provider_.calls() == 1; }));
  first.Signal(SIGSTOP);
  const int64_t start = NowMs();
  HostProcess second({"host"}, env_);
  second.SendLine(RunRequest("b", "s", "other", "l"));
  EXPECT_EQ(Final(second, "b")["text"], "call 2");
  EXPECT_LE(NowMs() - start, 2 * kGraceMs);
  open_ = true;
  first.Signal(SIGCONT);
  EXPECT_EQ(Final(first, "a")["error"]["code"], "INTERNAL");
  const Json retry = OneShot(RunRequest("c", "s", "p", "k").dump() + "\n", env_).json;
  EXPECT_EQ(retry["text"], "call 3") << "no entry of the old owner";
  EXPECT_EQ(provider_.call(2).body["messages"].size(), 3u);
}

// An owner that works keeps its claims for much longer than a lease.
TEST_P(Lease, AnOwnerThatRenewsIsWaitedFor) {
  HostProcess first = Start();
  first.SendLine(RunRequest("a", "s", "p", "k"));
  ASSERT_TRUE(Eventually([&] { return provider_.calls() == 1; }));
  HostProcess second({"host"}, env_);
  second.SendLine(RunRequest("b", "s", "p", "k"));
  EXPECT_FALSE(second.ReadLine(4 * kGraceMs).has_value());
  EXPECT_EQ(provider_.calls(), 1);
  open_ = true;
  EXPECT_EQ(Final(first, "a")["status"], "OK");
  EXPECT_EQ(Final(second, "b")["replayed"], true);
}

INSTANTIATE_TEST_SUITE_P(Modes, Lease, testing::Bool());

}  // namespace
}  // namespace refhost
