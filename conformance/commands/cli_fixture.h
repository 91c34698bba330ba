// The fixture of the tests that meet touchstone as its user does: the binary, in a folder of its
// own.
#pragma once

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "conformance/process/child_process.h"
#include "conformance/process/proc_stats.h"
#include "conformance/process/warden.h"
#include "conformance/testing/collector.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {

using std::chrono::seconds;

inline constexpr auto kGenerous = seconds(120);

struct Ended {
  int status = -1;  // or 128 + signal
  std::string text;
};

inline bool Holds(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + kGenerous;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class Cli : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  void TearDown() override { KillDescendants(); }

  std::vector<std::string> Environment() const {
    return {"PATH=/usr/bin:/bin", "TMPDIR=" + folder_.path().string(),
            "HOME=" + folder_.path().string()};
  }
  std::unique_ptr<ChildProcess> Start(std::vector<std::string> arguments, Collector& sink) {
    arguments.insert(arguments.begin(), TOUCHSTONE_BINARY_DIR "/touchstone");
    auto child = ChildProcess::Start(io_, {arguments, Environment(), {}}, sink);
    EXPECT_TRUE(child) << child.error();
    return std::move(*child);
  }
  Ended Touchstone(std::vector<std::string> arguments) {
    Collector sink;
    auto child = Start(std::move(arguments), sink);
    const auto status = child->WaitExit(Clock::now() + kGenerous);
    if (!status) return {-1, "it hangs"};
    EXPECT_EQ(ScratchFolders(), 0);
    return {status->signalled ? 128 + status->value : status->value, sink.All()};
  }
  int ScratchFolders() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      count += entry.path().filename().string().starts_with("touchstone-");
    return count;
  }
  std::filesystem::path File(const std::string& name) const { return folder_.path() / name; }
  std::filesystem::path Script(const std::string& name, const std::string& text) const {
    WriteFile(File(name), text);
    return File(name);
  }
  // A run of a few cases at another host: it takes no time.
  Ended Judge(const std::vector<std::string>& host, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", "--only", "ctrl/*ping*", "--report-dir",
                                          File("report")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back("--");
    arguments.insert(arguments.end(), host.begin(), host.end());
    return Touchstone(arguments);
  }

  IoThread io_;
  TestFolder folder_;
};

inline void ExpectSays(const Ended& ended, int status, std::initializer_list<const char*> words) {
  EXPECT_EQ(ended.status, status) << ended.text;
  for (const char* word : words)
    EXPECT_NE(ended.text.find(word), std::string::npos) << "must say: " << word << ended.text;
}

}  // namespace touchstone::testing
