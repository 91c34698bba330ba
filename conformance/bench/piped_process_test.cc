#include "conformance/bench/piped_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

namespace touchstone {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

std::unique_ptr<PipedProcess> Shell(const std::string& script, const Cores& cores) {
  ::signal(SIGPIPE, SIG_IGN);
  auto process =
      PipedProcess::Start("/bin/sh", {{"sh", "-c", script}, {"PATH=/usr/bin:/bin"}, {}}, cores);
  EXPECT_TRUE(process) << process.error();
  return std::move(*process);
}

TEST(PipedProcess, ExchangesLinesAndEnds) {
  const Cores cores(false);
  const auto process = Shell("cat", cores);
  std::string seen;
  const auto keep = [&](std::string_view line) {
    seen += std::string(line) + "|";
    return true;
  };
  process->Queue("a\nb\n");
  ASSERT_TRUE(process->Pump(keep, kPatience, {}));
  EXPECT_EQ(seen, "a|");  // one line is told, the other waits
  ASSERT_TRUE(process->Pump(keep, kPatience, {}));
  EXPECT_EQ(seen, "a|b|");
  EXPECT_TRUE(process->Finish(kPatience, {}));
}

TEST(PipedProcess, TakesMoreThanPipesHold) {
  const Cores cores(false);
  // It says more on stderr than a pipe holds, too, and reads only then.
  const auto process = Shell("head -c 300000 /dev/zero >&2; cat", cores);
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) process->Queue(line + "\n");
  process->CloseStdin();
  int lines = 0;
  ASSERT_TRUE(process->Pump(
      [&](std::string_view got) {
        EXPECT_EQ(got, line);
        return ++lines == 1000;
      },
      kPatience, {}));
  EXPECT_TRUE(process->Finish(kPatience, {}));
}

TEST(PipedProcess, SaysWhatWentWrong) {
  const Cores cores(false);
  const auto all = [](std::string_view) { return true; };
  const auto mute = Shell("echo why >&2; exec sleep 1000", cores);
  const auto late = mute->Pump(all, std::chrono::milliseconds(300), {});
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().find("no answer in time"), std::string::npos) << late.error();
  EXPECT_NE(late.error().find("why"), std::string::npos) << late.error();
  const auto gone = Shell("exit 0", cores)->Pump(all, kPatience, {});
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().find("ended before the answer"), std::string::npos) << gone.error();
  const auto bad = Shell("exit 7", cores)->Finish(kPatience, {});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().find("ended with 7"), std::string::npos) << bad.error();
  const auto killed = Shell("kill -9 $$", cores)->Finish(kPatience, {});
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().find("signal 9"), std::string::npos) << killed.error();
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(Shell("exec sleep 1000", cores)->Pump(all, kPatience, stopped.get_token()).error(),
            "interrupted");
}

std::string AllowedCores(const std::string& status_file) {
  std::ifstream file(status_file);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Cpus_allowed_list:")) return line.substr(line.find('\t') + 1);
  return {};
}

TEST(Cores, KeepJudgeAndProgramsApart) {
  const std::string before = AllowedCores("/proc/self/status");
  {
    const Cores cores(true);
    if (!cores.pinned()) GTEST_SKIP() << "one core only";
    const std::string here = AllowedCores("/proc/thread-self/status");
    EXPECT_NE(here, before);
    const auto process = Shell("grep Cpus_allowed_list /proc/self/status", cores);
    std::string there;
    ASSERT_TRUE(process->Pump(
        [&](std::string_view line) {
          there = line.substr(line.find('\t') + 1);
          return true;
        },
        kPatience, {}));
    EXPECT_NE(there, here);
    EXPECT_NE(there, before);
  }
  EXPECT_EQ(AllowedCores("/proc/thread-self/status"), before);
}

}  // namespace
}  // namespace touchstone
