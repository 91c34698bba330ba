// `touchstone fault` at hosts with one thing broken, at programs that are no hosts, and when it is
// interrupted.
#include <signal.h>

#include "conformance/commands/cli_fixture.h"

namespace touchstone::testing {
namespace {

class Fault : public Cli {};

TEST_F(Fault, SaysWhatADefectBreaks) {
  const char* const defects[][3] = {
      {"retry-after-zero", "no-backoff-at-retry-after-0", "BROKEN     PROV-03"},
      {"clean-end-before-the-end-marker", "cut-chunks-are-ok", "BROKEN     PROV-07"},
      {"html-instead-of-json", "stray-body-is-the-answer", "BROKEN     PROV-08"},
      {"fails-once", "never-retries", "BROKEN     PROV-16"},
      {"rate-limit-storm", "third-attempt-at-429", "BROKEN     PROV-02"},
      {"redirect-elsewhere", "redirect-is-followed", "BROKEN     PROV-11"},
      {"stall-mid-stream", "silent-provider-is-a-timeout", "BROKEN     TIME-06"},
  };
  for (const auto& [scenario, defect, broken] : defects) {
    const std::string bin = TOUCHSTONE_BINARY_DIR;
    ExpectSays(Touchstone({"fault", scenario, "--", bin + "/defective-host", "--defect", defect,
                           "--", bin + "/refhost"}),
               1, {broken, "  holds "});
  }
}

// What they do wrong without a provider is told; of the fault there is no verdict.
TEST_F(Fault, AtProgramsThatAreNoHosts) {
  const char* const never = "The host never called the provider.";
  ExpectSays(Touchstone({"fault", "provider-outage", "--", "cat"}), 4,
             {"NO VERDICT on PROV-04", never, "has ended with status 1"});
  ExpectSays(Touchstone({"fault", "provider-outage", "--", "true"}), 4, {never});
  ExpectSays(Touchstone({"fault", "provider-outage", "--", "sh", "-c", "read l; echo hi"}), 1,
             {"\"hi\"", never, "Broken whatever the provider does", "BROKEN     FRAME-01"});
  ExpectSays(Touchstone({"fault", "provider-outage", "--", "python3", "-c", "print(1)"}), 1,
             {"BROKEN     FRAME-01", "not an object"});
  ExpectSays(Touchstone({"fault", "dns-failure", "--", "sh", "-c", "read l; exit 0"}), 1,
             {"holds      does_not_resolve", "BROKEN     PROV-05"});
}

TEST_F(Fault, InterruptedGivesNoVerdictAndLeavesNothing) {
  const auto host =
      Script("hangs", "#!/bin/sh\ntrap '' INT TERM\n/usr/bin/setsid /bin/sleep 300 &\ntouch " +
                          File("started").string() + "\nexec /bin/sleep 300\n");
  Collector sink;
  auto child = Start({"fault", "one-byte-a-second", "--", host}, sink);
  ASSERT_TRUE(Holds([&] { return std::filesystem::exists(File("started")); }));
  ::kill(child->pid(), SIGINT);
  EXPECT_EQ(child->WaitExit(Clock::now() + kGenerous), (ExitStatus{false, 130})) << sink.All();
  EXPECT_TRUE(Holds([&] { return Descendants(::getpid()).empty(); }));
  EXPECT_TRUE(Holds([&] { return ScratchFolders() == 0; }));
  EXPECT_NE(sink.All().find("Interrupted: no verdict."), std::string::npos) << sink.All();
  EXPECT_EQ(sink.All().find("BROKEN"), std::string::npos) << sink.All();
}

}  // namespace
}  // namespace touchstone::testing
