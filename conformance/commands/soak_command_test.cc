// touchstone soak as its user meets it: flags, exit status, what is left when it is stopped.
#include <fstream>

#include "conformance/commands/cli_fixture.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

const std::string kRefhost = TOUCHSTONE_BINARY_DIR "/refhost";

class SoakCli : public Cli {
 protected:
  static int Count(const std::string& text, const std::string& word) {
    int count = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
    return count;
  }
  std::string Record() const {
    const auto file = File("report/soak.jsonl");
    return std::filesystem::exists(file) ? ReadFile(file) : std::string();
  }
  std::vector<std::string> Long(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"soak",
                                          "--requests",
                                          "600",
                                          "--rate",
                                          "200",
                                          "--mode",
                                          "S",
                                          "--mix",
                                          "ok-only",
                                          "--checkpoint",
                                          File("state"),
                                          "--report-dir",
                                          File("report"),
                                          "--seed",
                                          "5"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // The process that does the work; the one that was started only watches over it.
  static pid_t JudgeOf(pid_t warden) {
    for (const auto& info : Descendants(warden))
      if (info.parent == warden && info.name == "touchstone") return info.pid;
    return -1;
  }
};

TEST_F(SoakCli, UsageErrors) {
  ExpectSays(Touchstone({"soak", "--rate", "fast"}), 2, {"--rate"});
  ExpectSays(Touchstone({"soak", "--duration", "10"}), 2, {"--duration"});
  ExpectSays(Touchstone({"soak", "--mode", "Q"}), 2, {"Q"});
  ExpectSays(Touchstone({"soak", "--resume"}), 2, {"--checkpoint"});
  ExpectSays(Touchstone({"soak", "--checkpoint", File("state")}), 2, {"--mode"});
  ExpectSays(Touchstone({"soak", "--mix", "nonsense"}), 2, {"nonsense", "default"});
  WriteFile(File("mix.json"), "{\"about\":\"x\",\"weights\":{\"ok\":1,\"colour\":2}}");
  ExpectSays(Touchstone({"soak", "--mix", File("mix.json")}), 2, {"mix.json", "colour"});
}

TEST_F(SoakCli, AGoodHostPassesInAllModes) {
  const auto ended = Touchstone({"soak", "--requests", "60", "--report-dir", File("report")});
  ExpectSays(ended, 0, {"pass [S]", "pass [O]", "pass [B]", "closed loop", "reports: "});
  EXPECT_EQ(Count(ReadFile(File("report/report.json")), "\"arrivals\""), 3);
  EXPECT_TRUE(std::filesystem::exists(File("report/soak-B.jsonl")));
}

TEST_F(SoakCli, AHostThatIsNoneFails) {
  ExpectSays(Touchstone({"soak", "--mode", "S", "--requests", "5", "--", "/bin/cat"}), 1,
             {"fail [S]"});
  ExpectSays(Touchstone({"soak", "--mode", "S", "--host-bin", "/no/such/host"}), 3,
             {"cannot be started"});
}

TEST_F(SoakCli, TooShortIsNotJudged) {
  const auto ended = Touchstone({"soak", "--duration", "1s", "--rate", "20", "--mix", "ok-only"});
  ExpectSays(ended, 3, {"not judged [S]"});
}

TEST_F(SoakCli, GoesOnAfterTheJudgeWasKilled) {
  Collector sink;
  auto child = Start(Long(), sink);
  ASSERT_TRUE(Holds([&] { return Record().find("\"sample\"") != std::string::npos; }));
  ASSERT_TRUE(Holds([&] { return std::filesystem::exists(File("state")); }));
  const pid_t judge = JudgeOf(child->pid());
  ASSERT_GT(judge, 0);
  ::kill(judge, SIGKILL);
  EXPECT_EQ(child->WaitExit(Clock::now() + kGenerous), (ExitStatus{false, 137}));
  EXPECT_TRUE(Holds([&] { return Descendants(::getpid()).empty(); }));
  EXPECT_EQ(Count(Record(), "\"kind\":\"end\""), 0);

  const auto ended = Touchstone(Long({"--resume"}));
  ExpectSays(ended, 0, {"pass [S]", "2 segments", "killed", "complete"});
  EXPECT_EQ(Count(Record(), "\"kind\":\"segment\""), 2) << Record();
  EXPECT_EQ(Count(Record(), "\"kind\":\"soak\""), 1);
  EXPECT_EQ(Count(Record(), "\"kind\":\"end\""), 1);
  // Another soak does not go on with it.
  auto other = Long({"--resume"});
  other[2] = "700";
  ExpectSays(Touchstone(other), 3, {"--resume", "600", "700"});
}

TEST_F(SoakCli, CtrlCEndsItWithAReportAndEndsTheHostWell) {
  const auto host = Script("host", "#!/bin/sh\n" + kRefhost + " \"$@\"\necho $? > " +
                                       File("host-ended").string() + "\n");
  Collector sink;
  auto child = Start(Long({"--host-bin", host}), sink);
  ASSERT_TRUE(Holds([&] { return Record().find("\"sample\"") != std::string::npos; }));
  std::filesystem::remove(File("host-ended"));  // of the ping before the soak
  child->Signal(SIGINT);
  EXPECT_EQ(child->WaitExit(Clock::now() + kGenerous), (ExitStatus{false, 130})) << sink.All();
  const auto text = sink.All();
  for (const char* word : {"not judged [S]", "answered", "interrupted", "--resume", "reports: "})
    EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  EXPECT_EQ(ReadFile(File("host-ended")), "0\n");
  EXPECT_NE(Record().find("\"ended\":\"interrupted\""), std::string::npos);
  EXPECT_TRUE(Holds([&] { return Descendants(::getpid()).empty(); }));
  EXPECT_TRUE(std::filesystem::exists(File("report/report.html")));
}

}  // namespace
}  // namespace touchstone::testing
