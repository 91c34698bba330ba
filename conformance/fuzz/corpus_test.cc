#include "conformance/fuzz/corpus.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "conformance/golden/case_runner.h"
#include "conformance/testing/bundled_rig.h"
#include "conformance/testing/test_judge.h"
#include "fault-injection/provider/base64.h"

namespace touchstone::fuzz {
namespace {

using testing::BundledRig;
using testing::TestFolder;

const std::filesystem::path kGolden = std::filesystem::path(TOUCHSTONE_SOURCE_DIR) / "golden";

// golden/json says by each file's first letter what is right; the oracle must say the same.
TEST(CorpusTest, TheOracleRulesTheJsonTextsAsTheirNamesSay) {
  const auto inputs = LoadJsonCorpus(kGolden / "json");
  ASSERT_TRUE(inputs) << inputs.error();
  std::map<char, int> seen;
  for (const auto& input : *inputs) {
    const auto ruling = JudgeRequest(
        std::string_view(input.bytes).substr(0, input.bytes.size() - 1), Mode::kStream);
    ++seen[input.name[0]];
    switch (input.name[0]) {
      case 'y':
        EXPECT_EQ(ruling.standing, Standing::kValid) << input.name << ": " << ruling.reason;
        break;
      case 'n':
        EXPECT_TRUE(ruling.standing == Standing::kInvalid || ruling.standing == Standing::kShould)
            << input.name << ": " << ruling.reason;
        break;
      default:
        EXPECT_EQ(ruling.standing, Standing::kFree) << input.name << ": " << ruling.reason;
    }
  }
  EXPECT_GE(seen['y'] + seen['n'] + seen['i'], 300);
  EXPECT_GE(std::min({seen['y'], seen['n'], seen['i']}), 3);
}

TEST(CorpusTest, EachInputOfTheCorpusIsNamedByItsRequirement) {
  const auto inputs = LoadCorpus(kGolden / "corpus");
  ASSERT_TRUE(inputs) << inputs.error();
  EXPECT_GE(inputs->size(), 40u);
  for (const auto& input : *inputs) {
    std::string id = input.name.substr(0, input.name.find('-', input.name.find('-') + 1));
    for (char& c : id) c = static_cast<char>(std::toupper(c));
    EXPECT_TRUE(id.find('-') != id.npos && std::isdigit(id.back())) << input.name;
    EXPECT_TRUE(input.bytes.ends_with('\n')) << input.name;
  }
}

TEST(CorpusTest, AFindingIsKeptUnderANameOfItsBytes) {
  TestFolder folder;
  Finding finding;
  finding.minimal = {{"{\"a\":1}\n", "\xff\n"}, {"FRAME-09", "m"}, true, 1};
  const auto file = AddToCorpus(folder.path() / "new", finding);
  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(*AddToCorpus(folder.path() / "new", finding), *file);
  const auto again = LoadCorpus(folder.path() / "new");
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ((*again)[0].bytes, BytesOf(finding));
  EXPECT_TRUE((*again)[0].name.starts_with("frame-09-")) << (*again)[0].name;
  EXPECT_FALSE(LoadCorpus(folder.path() / "missing"));
}

// What is printed for a person to paste is what was sent, to the byte.
TEST(CorpusTest, PrintfAndBase64GiveTheBytesBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  all += "%s \\x41 \\n '\"$HOME` 7\n";
  for (const auto& bytes : {all, all.substr(1), all.substr(2), std::string("0\0001", 3)}) {
    EXPECT_EQ(provider::DecodeBase64(EncodeBase64(bytes)), bytes);
    std::FILE* shell = ::popen(("printf " + AsPrintf(bytes)).c_str(), "r");
    ASSERT_TRUE(shell);
    std::string printed(1000, '\0');
    printed.resize(std::fread(printed.data(), 1, printed.size(), shell));
    EXPECT_EQ(::pclose(shell), 0);
    EXPECT_EQ(printed, bytes);
  }
}

// A promoted finding is a case that the broken host fails and a good one passes.
TEST(CorpusTest, APromotedFindingIsACaseThatBites) {
  struct {
    const char* defect;
    Mode mode;
    const char *requirement, *bytes;
  } const kFound[] = {
      {"rest-of-the-line-is-ignored", Mode::kStream, "FRAME-06",
       "{\"protocol_version\":1,\"type\":\"ping\",\"request_id\":\"a\"}x\n"},
      {"rest-of-the-line-is-ignored", Mode::kOneShot, "FRAME-06",
       "{\"protocol_version\":1,\"type\":\"ping\",\"request_id\":\"a\"}x\n"},
      {"blank-line-is-a-bad-line", Mode::kStream, "FRAME-05", " \n"},
      {"bad-line-takes-the-next-along", Mode::kStream, "FRAME-07", "{\n"},
  };
  for (const auto& found : kFound) {
    TestFolder folder;
    Finding finding{found.mode, "here", {{found.bytes}, {found.requirement, "m"}, true, 1}};
    const auto file = Promote(folder.path(), finding);
    ASSERT_TRUE(file) << file.error();
    const auto cases =
        ParseCaseFile(*file, "found/" + file->stem().string(), testing::ReadFile(*file),
                      [](const std::string&) { return true; });
    ASSERT_TRUE(cases) << cases.error()[0].ToString();
    auto good = BundledRig("", folder.path()), broken = BundledRig(found.defect, folder.path());
    ASSERT_TRUE(good && broken);
    for (int i = 0; i < 10; ++i) broken->patience.RanOut();  // it waits as briefly as it ever does
    const auto passed = PlayCase(*good, (*cases)[0], found.mode);
    EXPECT_TRUE(passed.violations.empty() && passed.harness_bug.empty())
        << found.defect << testing::Describe(passed);
    const auto blamed = PlayCase(*broken, (*cases)[0], found.mode);
    EXPECT_TRUE(testing::Blamed(blamed).contains(found.requirement))
        << found.defect << testing::Describe(blamed);
  }
}

}  // namespace
}  // namespace touchstone::fuzz
