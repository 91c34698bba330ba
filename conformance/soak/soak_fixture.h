// For tests of the soak: the bundled host, as it is or broken, and an observer that keeps what it
// is told.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "conformance/process/proc_stats.h"
#include "conformance/soak/soak.h"
#include "conformance/testing/bundled_rig.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {

class KeepingObserver : public SoakObserver {
 public:
  void OnLine(std::string_view line) override {
    std::lock_guard lock(mutex_);
    lines_ += line;
    changed_.notify_all();
  }
  void OnProgress(const SoakProgress& progress) override {
    std::lock_guard lock(mutex_);
    last_ = progress;
    changed_.notify_all();
  }

  // False when it does not come to that in two minutes.
  bool Await(const std::function<bool(const SoakProgress&)>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(2), [&] { return holds(last_); });
  }
  std::string lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }
  SoakProgress last() {
    std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string lines_;
  SoakProgress last_;
};

class SoakTest : public ::testing::Test {
 protected:
  static soak::Mix Mix(const std::string& name) {
    auto mix = soak::FindMix(std::filesystem::path(TOUCHSTONE_SOURCE_DIR) / "soak/mixes", name);
    EXPECT_TRUE(mix) << mix.error();
    return mix ? *mix : soak::Mix{};
  }
  // Small and quick: a window is a quarter of a second.
  static SoakPlan Plan(Mode mode = Mode::kStream) {
    SoakPlan plan;
    plan.mode = mode;
    plan.mix = Mix("default");
    plan.mix.chaos.clear();
    plan.mix.slow_ms = plan.mix.timeout_ms = 150;
    plan.seed = 7;
    plan.processes = 3;
    plan.sample_every = std::chrono::milliseconds(100);
    plan.checkpoint_every = std::chrono::milliseconds(100);
    plan.window = std::chrono::milliseconds(250);
    // What is judged here is the answers; and the machine may be busy.
    plan.limits.trends.rss_kib_per_hour = 1e9;
    plan.limits.trends.latency_ms_per_hour = 1e9;
    plan.limits.trends.descriptors_per_hour = plan.limits.trends.threads_per_hour =
        plan.limits.trends.children_per_hour = 1e9;
    return plan;
  }
  static soak::ArrivalPlan Constant(double per_second) {
    return {soak::ArrivalProcess::kConstant, per_second};
  }

  SoakResult Soak(const SoakPlan& plan, const std::string& defect = {}, std::stop_token stop = {}) {
    auto rig = BundledRig(defect, folder_.path());
    if (!rig) return {};
    auto result = RunSoak(*rig, plan, observer_, std::move(stop));
    EXPECT_TRUE(result) << result.error();
    return result ? std::move(*result) : SoakResult{};
  }

  static std::string Describe(const SoakResult& result) {
    std::string text = result.summary.verdict + ": " + result.summary.reason + "\n";
    for (const auto& violation : result.violations)
      text += violation.requirement + ": " + violation.message + "\n";
    for (const auto& row : result.summary.host.trends)
      text += "  " + row.what + ": " + row.message + "\n";
    return text;
  }
  static std::set<std::string> Blamed(const SoakResult& result) {
    std::set<std::string> blamed;
    for (const auto& violation : result.violations) blamed.insert(violation.requirement);
    return blamed;
  }
  // The host under load, a process of this one.
  static pid_t HostPid() {
    for (const auto& info : Descendants(::getpid()))
      if (info.name == "refhost") return info.pid;
    return -1;
  }

  // False when there is none: kill(2) of process -1 would strike everybody.
  static bool SignalHost(int signal) {
    const pid_t pid = HostPid();
    return pid > 0 && ::kill(pid, signal) == 0;
  }

  TestFolder folder_;
  KeepingObserver observer_;
};

}  // namespace touchstone::testing
