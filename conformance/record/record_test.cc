// The whole way of a draft: recorded from a real host, read as a case, played again at that host
// and at another. Whoever records a host with a defect gets a draft that demands the defect.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "conformance/contract/catalogue.h"
#include "conformance/golden/case_runner.h"
#include "conformance/golden/matcher.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"
#include "conformance/record/draft.h"
#include "conformance/record/pattern.h"
#include "conformance/record/script.h"
#include "conformance/testing/bundled_rig.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::record {
namespace {

using testing::BundledRig;
using testing::TestFolder;

bool AnyId(const std::string&) { return true; }

std::vector<Case> BuiltIn() {
  auto scripts = LoadScripts(TOUCHSTONE_SOURCE_DIR "/conformance/record/requests", AnyId);
  EXPECT_TRUE(scripts) << scripts.error();
  return scripts ? *scripts : std::vector<Case>();
}

const Case& Named(const std::vector<Case>& scripts, const std::string& name) {
  const auto found =
      std::ranges::find_if(scripts, [&](const Case& one) { return one.name == name; });
  EXPECT_NE(found, scripts.end()) << name;
  return *found;
}

Draft Recorded(Rig& rig, const Case& script, Mode mode) {
  const auto once = Record(rig, script, mode), again = Record(rig, script, mode);
  auto draft = MakeDraft(script, mode, "a host", once, again);
  EXPECT_TRUE(draft) << script.name << ToString(mode) << ": " << draft.error();
  return draft ? *draft : Draft();
}

// What a reviewer does at the end: the mark, the sentence and the notes go.
std::string Promoted(const Draft& draft) {
  std::string text;
  std::string_view rest = draft.text;
  while (!rest.empty()) {
    auto line = ParseStrict(rest.substr(0, rest.find('\n')))->get_object();
    rest.remove_prefix(rest.find('\n') + 1);
    line.erase("draft");
    line.erase("note");
    if (line.contains("about")) line["about"] = "Reviewed.";
    text += ToJson(line) + "\n";
  }
  return text;
}

std::vector<Case> Parsed(const Draft& draft, const std::string& text) {
  auto cases = ParseCaseFile(draft.name + ".jsonl", draft.area + "/" + draft.name, text, AnyId);
  EXPECT_TRUE(cases) << draft.name << "\n" << text << cases.error()[0].ToString();
  return cases ? *cases : std::vector<Case>();
}

std::set<std::string> BlamedBy(Rig& rig, const Draft& draft, Mode mode) {
  std::set<std::string> blamed;
  for (const Case& one : Parsed(draft, Promoted(draft))) {
    const auto result = PlayCase(rig, one, mode);
    EXPECT_EQ(result.harness_bug, "");
    for (const auto& id : testing::Blamed(result)) blamed.insert(id);
    if (!result.violations.empty()) blamed.insert("message: " + testing::Describe(result));
  }
  return blamed;
}

TEST(RecordTest, EachBuiltInScriptGivesADraftThatTheSameHostPasses) {
  TestFolder folder;
  auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  int drafts = 0;
  for (const Case& script : BuiltIn()) {
    for (Mode mode : script.modes) {
      const Draft draft = Recorded(*rig, script, mode);
      EXPECT_GT(draft.answers, 0) << draft.text;
      EXPECT_TRUE(draft.reviews.empty()) << draft.name << ": " << draft.reviews.front();
      EXPECT_TRUE(Parsed(draft, draft.text).front().draft);
      EXPECT_EQ(BlamedBy(*rig, draft, mode), std::set<std::string>()) << draft.text;
      ++drafts;
    }
  }
  EXPECT_GE(drafts, 40);
}

// The contract decides, not the host: each of these drafts is right for the host that it came from.
TEST(RecordTest, ADraftOfADefectiveHostDemandsTheDefect) {
  struct {
    const char *defect, *script;
    const char* review;  // what the always-on checks say of it; "": nothing, only a person can
  } const kRows[] = {
      {"replay-unmarked", "idem/replay", "LIFE-02"},
      {"tokens-off-by-one", "resp/answered-run", "RESP-05"},
      {"retries-refused-credentials", "prov/failure/unauthorized", ""},
  };
  const auto scripts = BuiltIn();
  for (const auto& row : kRows) {
    TestFolder folder;
    auto broken = BundledRig(row.defect, folder.path()), good = BundledRig("", folder.path());
    ASSERT_TRUE(broken && good);
    good->next_play = 1000;
    for (int i = 0; i < 10; ++i) good->patience.RanOut();  // it waits as briefly as it ever does
    const Draft draft = Recorded(*broken, Named(scripts, row.script), Mode::kStream);
    const auto warns = [&](const std::string& review) {
      return review.find(row.review) != std::string::npos;
    };
    if (*row.review)
      EXPECT_TRUE(std::ranges::any_of(draft.reviews, warns)) << row.defect << draft.text;
    else
      EXPECT_TRUE(draft.reviews.empty()) << row.defect << draft.text;
    EXPECT_FALSE(BlamedBy(*good, draft, Mode::kStream).empty()) << row.defect << draft.text;
  }
}

TEST(RecordTest, ADraftIsNoGoldenCase) {
  TestFolder folder;
  auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  const auto scripts = BuiltIn();
  const Draft draft = Recorded(*rig, Named(scripts, "ctrl/ping"), Mode::kStream);
  std::filesystem::create_directories(folder.path() / "cases/ctrl");
  const auto file = folder.path() / "cases/ctrl/ping-stream.jsonl";
  testing::WriteFile(file, draft.text);
  const auto refused = LoadCases(folder.path() / "cases", AnyId);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error()[0].ToString().find("ping-stream.jsonl:1: a draft"), std::string::npos);
  EXPECT_TRUE(LoadCases(folder.path() / "cases", AnyId, Drafts::kAllowed));
  testing::WriteFile(file, Promoted(draft));
  EXPECT_TRUE(LoadCases(folder.path() / "cases", AnyId));
}

TEST(RecordTest, WhoeverOnlyTakesTheMarkOutHasNotReviewed) {
  const std::string head = R"({"case":"x","requirements":["CTRL-01"],"modes":["S"],"about":")";
  const std::string step = "\"}\n{\"start\":{},\"note\":\"";
  const auto parsed = [&](const std::string& about, const std::string& note) {
    return ParseCaseFile("x.jsonl", "test/x", head + about + step + note + "\"}\n", AnyId);
  };
  EXPECT_TRUE(parsed("A ping.", "because"));
  EXPECT_FALSE(parsed("DRAFT: A ping.", "because"));
  EXPECT_FALSE(parsed("A ping.", "REVIEW: breaks RESP-01"));
}

TEST(RecordTest, AListOfRequestsIsAScript) {
  TestFolder folder;
  const auto file = folder.path() / "My requests.jsonl";
  testing::WriteFile(file,
                     "{\"provider\":[{\"respond\":{\"text\":\"fine\"}}]}\n"
                     "{\"protocol_version\":1,\"type\":\"ping\",\"request_id\":\"${x}\"}\n"
                     "not JSON\n");
  const auto scripts = LoadRequests(file, AnyId);
  ASSERT_TRUE(scripts) << scripts.error();
  const Case& script = scripts->front();
  ASSERT_EQ(script.steps.size(), 3u);
  EXPECT_EQ(script.steps[1].argument.at("request_id"), "$${x}");
  EXPECT_EQ(script.steps[2].kind, "send_raw");
  EXPECT_EQ(script.steps[2].argument, "not JSON\n");
  auto rig = BundledRig("", folder.path());
  ASSERT_TRUE(rig);
  const Draft draft = Recorded(*rig, script, Mode::kStream);
  EXPECT_EQ(draft.name, "my-requests-stream");
  EXPECT_EQ(BlamedBy(*rig, draft, Mode::kStream), std::set<std::string>()) << draft.text;
  EXPECT_NE(draft.text.find(R"("code":"INVALID_REQUEST")"), std::string::npos) << draft.text;

  testing::WriteFile(file, "{\"provider\":[{\"respond\":{\"status\":99}}]}\n{\"type\":\"ping\"}\n");
  const auto broken = LoadRequests(file, AnyId);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().find("My requests.jsonl:1: provider"), std::string::npos)
      << broken.error();
  testing::WriteFile(file, "{\"expect\":{}}\n");
  EXPECT_TRUE(LoadRequests(file, AnyId)) << "an object that is no step is a request";
  testing::WriteFile(file, "");
  EXPECT_FALSE(LoadRequests(file, AnyId));
}

boost::json::object Object(std::string_view text) { return ParseStrict(text)->get_object(); }

TEST(PatternTest, OpensWhatTheContractLeavesOpen) {
  const auto line = Object(
      R"({"type":"final","request_id":"a","status":"ERROR","text":"Sorry.","ts_ms":5,)"
      R"("latency_ms":7,"error":{"code":"BUSY","message":"full"},"own":1})");
  const auto pattern = PatternOf(Mode::kStream, line, line, nullptr);
  EXPECT_EQ(ToJson(pattern.object),
            R"({"type":"final","request_id":"a","status":"ERROR","text":"<string>",)"
            R"("ts_ms":"<integer>","latency_ms":"<number>",)"
            R"("error":{"code":"BUSY","message":"<non-empty>"},"replayed":"<absent>"})");
  ASSERT_EQ(pattern.notes.size(), 1u);
  EXPECT_NE(pattern.notes[0].find("`own`"), std::string::npos);
}

TEST(PatternTest, AValueThatChangesIsAMatcherAndANote) {
  const auto once = Object(R"({"type":"ack","session_id":"x1","usage":{"total_tokens":1}})");
  const auto again = Object(R"({"type":"ack","session_id":null,"usage":{"total_tokens":2}})");
  const auto pattern = PatternOf(Mode::kStream, once, again, nullptr);
  EXPECT_EQ(ToJson(pattern.object),
            R"({"type":"ack","session_id":"<any>","usage":{"total_tokens":"<integer>"}})");
  EXPECT_EQ(pattern.notes.size(), 2u);
}

TEST(PatternTest, ATextThatLooksLikeTheLanguageIsText) {
  testing::Bench bench;
  for (const char* text : {"<any>", "${state_dir}", "$${x}", "<${x}>", "<not:<any>>", "<>", "$"}) {
    const boost::json::value v{boost::json::string(text)};
    Captures captures;
    const auto literal = Literal(v);
    const auto resolved = Substitute(
        literal, [](auto) { return std::nullopt; }, true);
    EXPECT_FALSE(CheckPattern(resolved)) << text;
    EXPECT_FALSE(Match(resolved, &v, captures)) << text;
    const boost::json::value other{boost::json::string("other")};
    EXPECT_TRUE(Match(resolved, &other, captures)) << text;
  }
}

}  // namespace
}  // namespace touchstone::record
