#include "conformance/process/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "conformance/process/proc_stats.h"
#include "conformance/testing/collector.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

TimePoint Soon() { return Clock::now() + std::chrono::seconds(60); }

class ChildProcessTest : public ::testing::Test {
 protected:
  // As the judge has it (interrupt.h).
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }

  std::unique_ptr<ChildProcess> Start(std::vector<std::string> argv,
                                      std::vector<std::string> environment = {"PATH=/bin"},
                                      std::string directory = {}) {
    auto child = ChildProcess::Start(io_, {std::move(argv), environment, directory}, sink_);
    EXPECT_TRUE(child) << child.error();
    return child ? std::move(*child) : nullptr;
  }
  std::unique_ptr<ChildProcess> Shell(const std::string& script) {
    return Start({"/bin/sh", "-c", script});
  }
  std::string WhyNot(const std::string& program) {
    auto child = ChildProcess::Start(io_, {{program}, {}, {}}, sink_);
    return child ? "it started" : child.error();
  }
  static bool Gone(pid_t pid) {
    const auto deadline = Soon();
    while (true) {
      const auto info = ReadProcInfo(pid);
      if (!info || info->zombie) return true;
      if (Clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  IoThread io_;
  Collector sink_;
};

TEST_F(ChildProcessTest, TellsAStatusFromASignal) {
  EXPECT_EQ(Shell("exit 3")->WaitExit(Soon()), (ExitStatus{false, 3}));
  EXPECT_EQ(Shell("kill -9 $$")->WaitExit(Soon()), (ExitStatus{true, SIGKILL}));
  EXPECT_EQ(Shell("exit 137")->WaitExit(Soon()), (ExitStatus{false, 137}));
  EXPECT_EQ((ExitStatus{false, 3}).ToString(), "status 3");
  EXPECT_EQ((ExitStatus{true, 9}).ToString(), "signal 9 (Killed)");
}

TEST_F(ChildProcessTest, KeepsTheStreamsApart) {
  auto child = Shell("echo out; echo err >&2");
  EXPECT_EQ(sink_.All(Stream::kOut), "out\n");
  EXPECT_EQ(sink_.All(Stream::kErr), "err\n");
}

TEST_F(ChildProcessTest, WritesMoreThanAPipeHolds) {
  auto child = Start({"/bin/cat"});
  const std::string big(3 << 20, 'x');
  EXPECT_TRUE(child->Write(big, Soon()).complete);
  child->CloseStdin();
  EXPECT_EQ(sink_.All(Stream::kOut).size(), big.size());
}

TEST_F(ChildProcessTest, AReaderThatReadsNothing) {
  auto child = Shell("exec /bin/sleep 100");
  const auto times = child->Write(std::string(1 << 20, 'x'), Clock::now());
  EXPECT_FALSE(times.complete);
  EXPECT_LE(times.begun, times.ended);
}

TEST_F(ChildProcessTest, AReaderThatHasGone) {
  auto child = Shell("exec <&-; echo closed; exec /bin/sleep 100");
  sink_.Out(7);
  EXPECT_FALSE(child->Write("x\n", Soon()).complete);
}

TEST_F(ChildProcessTest, SaysWhyAProgramCannotStart) {
  TestFolder folder;
  WriteFile(folder.path() / "plain", "x");
  WriteFile(folder.path() / "lost", "#!/no/such/interpreter\n");
  EXPECT_EQ(WhyNot("/no/such"), "/no/such: no such file");
  EXPECT_EQ(WhyNot("no-such-program"), "no-such-program: not found in PATH");
  EXPECT_EQ(WhyNot("/tmp"), "/tmp: is a directory");
  EXPECT_NE(WhyNot((folder.path() / "plain").string()).find("not executable"), std::string::npos);
  EXPECT_NE(WhyNot((folder.path() / "lost").string()).find("No such file"), std::string::npos);
  EXPECT_FALSE(ChildProcess::Start(io_, {{}, {}, {}}, sink_));
}

TEST_F(ChildProcessTest, GetsExactlyTheEnvironmentAndTheFolder) {
  TestFolder folder;
  auto child = Start({"/usr/bin/env"}, {"A=1", "B=x y", "EMPTY="});
  EXPECT_EQ(sink_.All(Stream::kOut), "A=1\nB=x y\nEMPTY=\n");
}

TEST_F(ChildProcessTest, StartsInTheFolderAsked) {
  TestFolder folder;
  auto child = Start({"/bin/pwd"}, {}, folder.path().string());
  EXPECT_EQ(sink_.All(Stream::kOut), folder.path().string() + "\n");
}

TEST_F(ChildProcessTest, InheritsNoDescriptorButItsThree) {
  const int leak = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  auto other = ChildProcess::Start(io_, {{"/bin/cat"}, {}, {}}, sink_);
  auto child = Start({"/bin/cat"});
  child->Write("x", Soon());
  sink_.Out(1);  // while it starts, its loader has a library open
  const auto stats = ReadProcStats(child->pid());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->descriptors, 3);
  ::close(leak);
}

TEST_F(ChildProcessTest, LeadsAGroupAndHasDefaultSignals) {
  auto child = Shell("exec /bin/sleep 100");
  const auto info = ReadProcInfo(child->pid());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->group, child->pid());
  EXPECT_EQ(info->parent, ::getpid());
  child->Signal(SIGTERM);
  EXPECT_EQ(child->WaitExit(Soon()), (ExitStatus{true, SIGTERM}));
}

TEST_F(ChildProcessTest, TheDestructorTakesTheWholeGroup) {
  auto child = Shell("/bin/sleep 100 & echo $!; trap '' TERM; wait");
  const pid_t grandchild = std::stoi(sink_.Out(2));
  const pid_t pid = child->pid();
  child.reset();
  EXPECT_TRUE(Gone(pid));
  EXPECT_TRUE(Gone(grandchild));
}

TEST_F(ChildProcessTest, WaitsNoLongerThanAsked) {
  auto child = Shell("exec /bin/sleep 100");
  EXPECT_EQ(child->WaitExit(Clock::now() + std::chrono::milliseconds(10)), std::nullopt);
}

TEST_F(ChildProcessTest, PausedReadingLosesNothing) {
  auto child = Shell("read x; i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done");
  child->PauseReading(Stream::kOut);
  EXPECT_TRUE(child->Write("go\n", Soon()).complete);
  child->ResumeReading(Stream::kOut);
  const auto out = sink_.All(Stream::kOut);
  EXPECT_TRUE(out.starts_with("0\n1\n2\n") && out.ends_with("\n19999\n")) << out.size();
}

TEST_F(ChildProcessTest, ClosedStdoutIsNoticedByTheNextWrite) {
  auto child = Shell("read x; echo lost || exit 7");
  child->CloseStdout();
  child->Write("go\n", Soon());
  const auto status = child->WaitExit(Soon());
  ASSERT_TRUE(status);
  EXPECT_TRUE(*status == (ExitStatus{true, SIGPIPE}) || *status == (ExitStatus{false, 7}));
}

TEST_F(ChildProcessTest, ManyComeAndGo) {
  const auto before = ReadProcStats(::getpid())->descriptors;
  for (int i = 0; i < 200; ++i) {
    Collector sink;
    auto child = ChildProcess::Start(io_, {{"/bin/true"}, {}, {}}, sink);
    ASSERT_TRUE(child);
    if (i % 2) {
      EXPECT_EQ((*child)->WaitExit(Soon()), (ExitStatus{false, 0}));
    }
  }
  EXPECT_LE(ReadProcStats(::getpid())->descriptors, before + 6);
  EXPECT_TRUE(Descendants(::getpid()).empty());
}

// A judge that is killed takes its children along.
TEST(ChildProcess, DiesWithTheJudge) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t judge = ::fork();
  if (judge == 0) {
    IoThread io;
    Collector sink;
    auto child = ChildProcess::Start(io, {{"/bin/sleep", "100"}, {}, {}}, sink);
    const pid_t pid = child ? (*child)->pid() : -1;
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::pause();
  }
  pid_t pid = 0;
  ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(ReadProcInfo(pid));
  ::kill(judge, SIGKILL);
  ::waitpid(judge, nullptr, 0);
  const auto deadline = Soon();
  while (Clock::now() < deadline) {
    const auto info = ReadProcInfo(pid);
    if (!info || info->zombie) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const auto info = ReadProcInfo(pid);
  EXPECT_TRUE(!info || info->zombie);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ProcStats, KnowsItself) {
  const auto stats = ReadProcStats(::getpid());
  ASSERT_TRUE(stats);
  EXPECT_GT(stats->rss_bytes, 0);
  EXPECT_GE(stats->peak_rss_bytes, stats->rss_bytes);
  EXPECT_GE(stats->threads, 1);
  EXPECT_GE(stats->descriptors, 3);
  EXPECT_FALSE(ReadProcStats(0x3fffffff));
  EXPECT_FALSE(ReadProcInfo(0x3fffffff));
  EXPECT_EQ(ReadProcInfo(::getpid())->parent, ::getppid());
  ::prctl(PR_SET_NAME, "odd) (name");
  EXPECT_EQ(ReadProcInfo(::getpid())->name, "odd) (name");
  EXPECT_EQ(ReadProcInfo(::getpid())->parent, ::getppid());
}

TEST_F(ChildProcessTest, DescendantsAndTheirEnvironment) {
  auto child = Start({"/bin/sh", "-c", "/bin/sleep 100 & echo ready; wait"}, {"TAG=here"});
  sink_.Out(6);
  const auto found = Descendants(::getpid());
  ASSERT_GE(found.size(), 1u);
  EXPECT_EQ(found.front().pid, child->pid());
  EXPECT_EQ(ProcEnvironment(child->pid(), "TAG"), "here");
  EXPECT_EQ(ProcEnvironment(child->pid(), "TA"), std::nullopt);
}

TEST_F(ChildProcessTest, ATreeIsItsProcessesAddedUp) {
  auto child = Start({"/bin/sh", "-c",
                      "/bin/sleep 100 & /bin/sleep 100 & "
                      "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; wait"});
  sink_.Out(6);
  const auto root = ReadProcStats(child->pid());
  const auto tree = ReadTreeStats(child->pid());
  ASSERT_TRUE(root && tree);
  EXPECT_EQ(tree->children, 2);
  EXPECT_EQ(tree->threads, 3);
  EXPECT_GT(tree->descriptors, root->descriptors);
  EXPECT_GT(tree->rss_bytes, root->rss_bytes);
  EXPECT_EQ(tree->pids.size(), 3u);
  EXPECT_EQ(tree->pids.front(), child->pid());
  const auto pss = ReadPss(child->pid());
  ASSERT_TRUE(pss);
  EXPECT_GT(*pss, 0);
  EXPECT_LT(*pss, root->rss_bytes);  // other processes use the same libraries
  EXPECT_GT(tree->cpu.count(), 0);
  child->SignalGroup(SIGKILL);
  ASSERT_TRUE(child->WaitExit(Soon()));
  EXPECT_FALSE(ReadTreeStats(child->pid()));
}

}  // namespace
}  // namespace touchstone::testing
