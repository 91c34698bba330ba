// touchstone as its user meets it: the binary, its exit status, what it says, what it leaves
// behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "conformance/commands/cli_fixture.h"

namespace touchstone::testing {
namespace {

TEST_F(Cli, ProgramsThatAreNoHost) {
  for (const char* program : {"/bin/cat", "/bin/true", "/bin/false", "/usr/bin/yes"}) {
    ExpectSays(
        Touchstone({"run", "--", program}), 1,
        {"nonconformant", "because:", "CTRL-01 (MUST M1) is broken", "a ping must be answered"});
  }
}

TEST_F(Cli, ProgramsThatTalkNonsense) {
  const auto echo = Script("echo", "#!/bin/sh\nexec /bin/cat\n");
  ExpectSays(Touchstone({"run", "--only", "ctrl/*ping*", "--", echo}), 1,
             {"nonconformant", "RESP-01 (MUST M1) is broken"});
  const auto flood = Script("flood", "#!/bin/sh\nexec /usr/bin/yes\n");
  ExpectSays(Touchstone({"run", "--", flood}), 1, {"nonconformant", "a ping must be answered"});
}

TEST_F(Cli, HostBinPutsAnotherProgramIntoTheProfile) {
  ExpectSays(Touchstone({"run", "--host-bin", "/bin/true"}), 1, {"host true", "nonconformant"});
}

TEST_F(Cli, ProgramsThatCannotBeStarted) {
  ExpectSays(Judge({"/no/such/program"}), 3, {"cannot be started", "/no/such/program"});
  ExpectSays(Judge({"no-such-program-in-path"}), 3, {"cannot be started", "not found in PATH"});
  ExpectSays(Judge({folder_.path().string()}), 3, {"cannot be started", "is a directory"});
  ExpectSays(Judge({Script("plain", "no script")}), 3, {"cannot be started", "not executable"});
  ExpectSays(Judge({Script("lost", "#!/no/such/interpreter\n")}), 3, {"cannot be started"});
  ExpectSays(Touchstone({"run", "--host-bin", "/no/such/program"}), 3, {"no such file"});
}

TEST_F(Cli, AHostThatLogsToStdout) {
  const auto host = Script("logs", "#!/bin/sh\nexec /usr/bin/python3 -S -E " +
                                       MiniHostCommand().back() + " --defect log-line \"$@\"\n");
  const auto ended = Judge({host});
  ExpectSays(ended, 1, {"nonconformant", "FRAME-01 (MUST M1) is broken", "INFO starting up"});
  const auto report = boost::json::parse(ReadFile(File("report/report.json"))).as_object();
  EXPECT_EQ(report.at("verdict"), "nonconformant");
  EXPECT_EQ(report.at("exit_status"), 1);
  for (const auto& row : report.at("requirements").as_array()) {
    if (row.at("id") == "FRAME-01") {
      EXPECT_EQ(row.at("verdict"), "fail");
    }
  }
  // Each failure has its transcript, and the transcript the command that repeats it.
  int failures = 0;
  for (const auto& result : report.at("results").as_array()) {
    if (result.at("verdict") != "fail") continue;
    ++failures;
    const std::string file(result.at("transcript").as_string());
    const auto transcript = ReadFile(File("report") / file);
    EXPECT_NE(transcript.find("touchstone run"), std::string::npos) << file;
    EXPECT_NE(transcript.find(" out "), std::string::npos) << file;
  }
  EXPECT_GT(failures, 0);
  EXPECT_NE(ReadFile(File("report/junit.xml")).find("<testsuites"), std::string::npos);
}

TEST_F(Cli, FiltersThatMatchNothing) {
  ExpectSays(Touchstone({"run", "--only", "nothing-matches", "--", "/bin/true"}), 3,
             {"the filter matches none", "areas:"});
  ExpectSays(Touchstone({"run", "--area", "NONSENSE", "--", "/bin/true"}), 3,
             {"the filter matches none"});
}

TEST_F(Cli, UsageErrors) {
  ExpectSays(Touchstone({}), 2, {"subcommand"});
  ExpectSays(Touchstone({"run", "--nonsense"}), 2, {"--nonsense"});
  ExpectSays(Touchstone({"nonsense"}), 2, {"subcommand"});
  ExpectSays(Touchstone({"run", "--modes", "Q"}), 2, {"--modes", "\"Q\""});
  ExpectSays(Touchstone({"run", "--milestone", "M9"}), 2, {"--milestone"});
  ExpectSays(Touchstone({"run", "--jobs", "0"}), 2, {"--jobs"});
  ExpectSays(Touchstone({"run", "--seed", "x"}), 2, {"--seed"});
  ExpectSays(Touchstone({"run", "--profile", "/no/such/file"}), 2, {"/no/such/file"});
  ExpectSays(Touchstone({"run", "--host-bin", "/bin/cat", "--", "/bin/cat"}), 2, {"exclude"});
  ExpectSays(Touchstone({"list", "nonsense"}), 2, {"nonsense"});
  ExpectSays(Touchstone({"explain"}), 2, {"id"});
  ExpectSays(Touchstone({"explain", "nonsense"}), 2, {"\"nonsense\" is no requirement"});
  ExpectSays(Touchstone({"soak", "--mode", "Q"}), 2, {"Q"});
  ExpectSays(Touchstone({"provider", "--port", "70000"}), 2, {"--port"});
  WriteFile(File("bad.json"), "{\"name\":\"x\",\"colour\":1}");
  ExpectSays(Touchstone({"run", "--profile", File("bad.json")}), 2, {"bad.json", "colour"});
}

TEST_F(Cli, HelpIsNoError) {
  ExpectSays(Touchstone({"--help"}), 0, {"Exit status", "explain"});
  ExpectSays(Touchstone({"run", "--help"}), 0, {"--host-bin"});
  ExpectSays(Touchstone({"--version"}), 0, {"touchstone "});
}

TEST_F(Cli, AsksAndAnswers) {
  ExpectSays(Touchstone({"list", "requirements"}), 0, {"FRAME-01", "BRIDGE-07"});
  ExpectSays(Touchstone({"list", "cases"}), 0, {"frame/"});
  ExpectSays(Touchstone({"list", "checks"}), 0, {});
  ExpectSays(Touchstone({"explain", "FRAME-13"}), 0, {"MUST", "EOF on stdin", "case "});
  ExpectSays(Touchstone({"explain", "life-08"}), 0, {"LIFE-08", "by every play"});
  ExpectSays(Touchstone({"docs", "contract", "--check"}), 0, {});
}

TEST_F(Cli, AReportFolderThatCannotBe) {
  WriteFile(File("file"), "");
  ExpectSays(Touchstone({"run", "--only", "ctrl/*ping*", "--report-dir", File("file/report"), "--",
                         "/bin/true"}),
             3, {"file/report", "cannot be written"});
}

TEST_F(Cli, TheProvidersPortIsTaken) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  const std::string port = std::to_string(ntohs(address.sin_port));
  ExpectSays(Touchstone({"provider", "--port", port}), 3, {port.c_str()});
  ::close(fd);
}

TEST_F(Cli, TheProviderRunsUntilItIsTold) {
  Collector sink;
  auto child = Start({"provider"}, sink);
  EXPECT_NE(sink.AwaitOut("Ctrl-C").find("mock provider on http://127.0.0.1:"), std::string::npos);
  child->Signal(SIGINT);
  EXPECT_EQ(child->WaitExit(Clock::now() + kGenerous), (ExitStatus{false, 0}));
}

TEST_F(Cli, Scenarios) {
  ExpectSays(Touchstone({"scenarios", "list"}), 0, {"provider-outage", "PROV-04"});
  ExpectSays(Touchstone({"scenarios", "show", "provider-outage"}), 0,
             {"rule [0]", "play ", "proof ", "touchstone fault provider-outage"});
  ExpectSays(Touchstone({"scenarios", "show", "nonsense"}), 2, {"no scenario \"nonsense\""});
  ExpectSays(Touchstone({"scenarios"}), 2, {"subcommand"});
  ExpectSays(Touchstone({"provider", "--scenario", "nonsense"}), 2, {"no scenario"});
  ExpectSays(Touchstone({"provider", "--bind", "nonsense"}), 2, {"--bind"});
  ExpectSays(Touchstone({"provider", "--journal", File("no/such/folder")}), 3,
             {"cannot be written"});
  WriteFile(File("bad.json"), "{\n  \"name\": \"bad\",\n  \"colour\": 1\n}");
  ExpectSays(Touchstone({"fault", File("bad.json")}), 2, {"bad.json:3: unknown key \"colour\""});
}

// One scenario: kept, broken, not to be played, and not proven.
TEST_F(Cli, Fault) {
  ExpectSays(Touchstone({"fault", "provider-outage"}), 0,
             {"host     → provider  call 1", "503", "holds ", "kept", "PROV-04"});
  ExpectSays(Touchstone({"fault", "provider-outage", "--mode", "Q"}), 2, {"--mode"});
  ExpectSays(Touchstone({"fault", "flapping", "--mode", "B"}), 2, {"not played in mode B"});
  ExpectSays(Touchstone({"fault", "nonsense"}), 2, {"no scenario"});
  ExpectSays(Touchstone({"fault", "provider-outage", "--host-bin", "/no/such/host"}), 3, {});
  const std::string play =
      R"("requirements":["PROV-04"],"modes":["O"],"provider":[{"respond":{"status":503}}],)"
      R"("play":[{"send":{"protocol_version":1,"type":"run","request_id":"a","session_id":"s",)"
      R"("prompt":"hi","idempotency_key":"k"}},{"outcome":{"request_id":"a","code":")";
  const auto scenario = [&](const std::string& name, const std::string& code,
                            const std::string& proof) {
    WriteFile(File(name + ".json"), R"({"name":")" + name + R"(","about":"x","good_host":"x",)" +
                                        play + code + R"("}}],"proof":[)" + proof + "]}");
    return File(name + ".json").string();
  };
  const std::string down = R"({"provider_did":{"call":"every","status":503}})";
  ExpectSays(Touchstone({"fault", scenario("broken", "INTERNAL", down)}), 1,
             {"BROKEN", "PROV-04", "INTERNAL"});
  ExpectSays(Touchstone({"fault", scenario("unproven", "PROVIDER_DOWN",
                                           R"({"provider_did":{"call":1,"status":418}})")}),
             4, {"NO VERDICT", "DOES NOT", "418"});
  ExpectSays(
      Touchstone({"fault", scenario("skipped", "PROVIDER_DOWN",
                                    R"({"provider_did":{"stream":true},"or_skip":"no !"})")}),
      3, {"skipped: no !"});
}

// A host that hangs, in the middle of whose judgement the judge is stopped.
class Killed : public Cli {
 protected:
  void SetUp() override {
    // It tells that it is there, leaves a child outside of its session, and says nothing.
    host_ = Script("hangs", "#!/bin/sh\n/usr/bin/setsid /bin/sleep 300 &\ntouch " +
                                File("started").string() + "\nexec /bin/sleep 300\n");
    child_ = Start({"run", "--only", "frame/*", "--", host_}, sink_);
    ASSERT_TRUE(Holds([&] { return std::filesystem::exists(File("started")); }));
    ASSERT_TRUE(Holds([&] { return Sleepers() >= 2; }));
    warden_ = child_->pid();
    for (const auto& info : Descendants(warden_)) {
      if (info.parent == warden_ && info.name == "touchstone") judge_ = info.pid;
    }
    ASSERT_GT(judge_, 0);
  }
  int Sleepers() const {
    int count = 0;
    for (const auto& info : Descendants(::getpid())) count += info.name == "sleep";
    return count;
  }
  // Nothing of it is left: what lost its parents would have come to this process.
  void ExpectNothingIsLeft() {
    EXPECT_TRUE(child_->WaitExit(Clock::now() + kGenerous));
    EXPECT_TRUE(Holds([&] { return Descendants(::getpid()).empty(); }))
        << Descendants(::getpid()).front().name;
    EXPECT_TRUE(Holds([&] { return ScratchFolders() == 0; }));
  }

  Collector sink_;
  std::filesystem::path host_;
  std::unique_ptr<ChildProcess> child_;
  pid_t warden_ = -1, judge_ = -1;
};

TEST_F(Killed, ByInterrupt) {
  ::kill(warden_, SIGINT);
  ExpectNothingIsLeft();
  EXPECT_EQ(child_->WaitExit(Clock::now()), (ExitStatus{false, 130})) << sink_.All();
}

TEST_F(Killed, ByTermination) {
  ::kill(warden_, SIGTERM);
  ExpectNothingIsLeft();
}

TEST_F(Killed, TheJudgeAlone) {
  ::kill(judge_, SIGKILL);
  ExpectNothingIsLeft();
  EXPECT_EQ(child_->WaitExit(Clock::now()), (ExitStatus{false, 137}));
}

TEST_F(Killed, TheWardenAlone) {
  ::kill(warden_, SIGKILL);
  ExpectNothingIsLeft();
}

TEST_F(Killed, BothProcesses) {
  ::kill(warden_, SIGSTOP);
  ::kill(judge_, SIGKILL);
  ::kill(warden_, SIGKILL);
  child_->WaitExit(Clock::now() + kGenerous);
  // The host dies with the judge. What left its session before cannot be found by anyone.
  EXPECT_TRUE(Holds([&] { return Sleepers() <= 1; }));
}

}  // namespace
}  // namespace touchstone::testing
