// touchstone record as its user meets it: drafts written, played, refused among golden cases, and
// the two things that it will not do.
#include <gtest/gtest.h>

#include "conformance/commands/cli_fixture.h"

namespace touchstone::testing {
namespace {

const std::string kDefective = TOUCHSTONE_BINARY_DIR "/defective-host";
const std::string kRefhost = TOUCHSTONE_BINARY_DIR "/refhost";

TEST_F(Cli, RecordedDraftsArePlayedAndNeverTakenForGolden) {
  ExpectSays(
      Touchstone({"record", "--only", "idem/replay", "--only", "ctrl/ping", "--out", File("drafts"),
                  "--", kRefhost}),
      0, {"draft ", "idem/replay-stream.jsonl: 3 answers", ": 6. They say", "not what is right"});
  const auto draft = ReadFile(File("drafts/idem/replay-bridge.jsonl"));
  EXPECT_NE(draft.find(R"("draft":true)"), std::string::npos) << draft;
  EXPECT_NE(draft.find("hold each value against docs/contract.md"), std::string::npos) << draft;
  ExpectSays(Touchstone({"run", "--drafts", File("drafts"), "--", kRefhost}), 0,
             {"6 planned, 6 executed: 6 pass"});
  // Somebody may have worked on them.
  ExpectSays(Touchstone({"record", "--out", File("drafts"), "--", kRefhost}), 2,
             {"is there already"});
}

TEST_F(Cli, ADraftOfADefectiveHostIsToldAndFailsAtARightOne) {
  ExpectSays(Touchstone({"record", "--only", "idem/replay", "--modes", "S", "--out", File("drafts"),
                         "--", kDefective, "--defect", "replay-unmarked", "--", kRefhost}),
             1, {"WARNING: breaks LIFE-02", "demands what the contract forbids"});
  ExpectSays(Touchstone({"run", "--drafts", File("drafts"), "--", kRefhost}), 1,
             {"IDEM-01 (MUST M1) is broken", "`replayed`: expected \"<absent>\"",
              "replay-stream.jsonl:8: expect"});
}

TEST_F(Cli, RecordKeepsAwayFromGolden) {
  for (const std::string& folder :
       {std::string(TOUCHSTONE_SOURCE_DIR "/golden/cases"),
        std::string(TOUCHSTONE_SOURCE_DIR "/golden"),
        std::string(TOUCHSTONE_SOURCE_DIR "/docs/../golden/new/folder")}) {
    ExpectSays(Touchstone({"record", "--out", folder, "--", kRefhost}), 2,
               {"golden data", "docs/contract.md"});
  }
  std::filesystem::create_symlink(TOUCHSTONE_SOURCE_DIR "/golden", File("innocent"));
  ExpectSays(Touchstone({"record", "--out", File("innocent/cases"), "--", kRefhost}), 2,
             {"golden data"});
}

TEST_F(Cli, RecordSaysWhatItCannotDo) {
  ExpectSays(Touchstone({"record", "--only", "nothing", "--", kRefhost}), 3, {"no script fits"});
  ExpectSays(Touchstone({"record", "--out", File("drafts"), "--", "/bin/true"}), 3,
             {"skip  [S]: a ping is not answered", ": 0. They say"});
  ExpectSays(Touchstone({"record", "--requests", "/no/such/file"}), 2, {"/no/such/file"});
  WriteFile(File("bad.jsonl"), "{\"case\":\"bad\"}\n{\"send\":{}}\n");
  ExpectSays(Touchstone({"record", "--requests", File("bad.jsonl"), "--", kRefhost}), 2,
             {"bad.jsonl:1", "about"});
}

}  // namespace
}  // namespace touchstone::testing
