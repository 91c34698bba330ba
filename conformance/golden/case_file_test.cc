#include "conformance/golden/case_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/observe/strict_json.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

constexpr const char* kHead =
    R"({"case":"case","requirements":["CTRL-01"],"modes":["S"],"about":"A test."})";

struct Row {
  std::string text;
  int line;
  const char* says;
};

std::string WithHead(const std::string& keys) {
  return R"({"case":"case","requirements":["CTRL-01"],"modes":["S"],"about":"A test.",)" + keys +
         "}\n{\"start\":{}}\n";
}

void ExpectRefused(const Row& row) {
  const auto parsed = Parse(row.text);
  ASSERT_FALSE(parsed) << row.text;
  const CaseError& error = parsed.error().front();
  EXPECT_EQ(error.line, row.line) << row.text << "\n" << error.ToString();
  EXPECT_NE(error.message.find(row.says), std::string::npos)
      << row.text << "\nsays: " << error.message << "\nmust say: " << row.says;
  EXPECT_TRUE(error.ToString().starts_with("test/case.jsonl:" + std::to_string(row.line) + ": "));
}

TEST(CaseFile, RefusesABrokenFile) {
  const std::string head = std::string(kHead) + "\n";
  for (const Row& row : std::vector<Row>{
           {"", 1, "at least one step"},
           {head, 1, "at least one step"},
           {head + "\n{\"start\":{}}\n", 2, "a blank line"},
           {head + "{\"start\":{}}\n\n", 3, "a blank line"},
           {head + "{\"start\":{}", 2, "not JSON"},
           {head + "{\"start\":{}}\n{\"start\":{},\"start\":{}}\n", 3, "given twice"},
           {head + "{\"send\":{\"a\":1e400}}\n", 2, "not JSON"},
           {head + "[]\n", 2, "expected a JSON object"},
           {"5\n{\"start\":{}}\n", 1, "expected a JSON object"},
           {"\xEF\xBB\xBF" + head + "{\"start\":{}}\n", 1, "BOM"},
       })
    ExpectRefused(row);
}

TEST(CaseFile, RefusesABadFirstLine) {
  const std::string step = "\n{\"start\":{}}\n";
  for (const Row& row : std::vector<Row>{
           {R"({"case":"other","requirements":["CTRL-01"],"modes":["S"],"about":"x"})" + step, 1,
            "`case` must be the file's name, \"case\""},
           {R"({"requirements":["CTRL-01"],"modes":["S"],"about":"x"})" + step, 1, "`case`"},
           {R"({"case":"case","modes":["S"],"about":"x"})" + step, 1, "`requirements`"},
           {R"({"case":"case","requirements":[],"modes":["S"],"about":"x"})" + step, 1,
            "`requirements`"},
           {R"({"case":"case","requirements":["nonsense"],"modes":["S"],"about":"x"})" + step, 1,
            "\"nonsense\" is no requirement"},
           {R"({"case":"case","requirements":["CTRL-01",5],"modes":["S"],"about":"x"})" + step, 1,
            "`requirements`"},
           {R"({"case":"case","requirements":["CTRL-01"],"about":"x"})" + step, 1, "`modes`"},
           {R"({"case":"case","requirements":["CTRL-01"],"modes":["X"],"about":"x"})" + step, 1,
            "got \"X\""},
           {R"({"case":"case","requirements":["CTRL-01"],"modes":["-"],"about":"x"})" + step, 1,
            "got \"-\""},
           {R"({"case":"case","requirements":["CTRL-01"],"modes":"S","about":"x"})" + step, 1,
            "`modes`"},
           {R"({"case":"case","requirements":["CTRL-01"],"modes":["S"]})" + step, 1, "`about`"},
           {R"({"case":"case","requirements":["CTRL-01"],"modes":["S"],"about":""})" + step, 1,
            "`about`"},
           {WithHead("\"mode\":\"S\""), 1, "unknown key \"mode\""},
           {WithHead("\"env\":[]"), 1, "`env`"},
           {WithHead("\"env\":{\"A\":5}"), 1, "`env`"},
           {WithHead("\"timing\":1"), 1, "`timing`"},
           {WithHead("\"serial\":\"yes\""), 1, "`serial`"},
           {WithHead("\"capabilities\":\"tools\""), 1, "`capabilities`"},
           {WithHead("\"capabilities\":[5]"), 1, "`capabilities`"},
           {WithHead("\"dialects\":[\"smoke\"]"), 1, "unknown dialect \"smoke\""},
           {WithHead("\"env\":{\"A\":\"${provider.kay}\"}"), 1,
            "unknown variable ${provider.kay}; known: provider.base_url"},
           {WithHead("\"env\":{\"A\":\"${row.x}\"}"), 1, "and the row's keys"},
           {WithHead("\"rows\":[]"), 1, "`rows`"},
           {WithHead("\"rows\":{}"), 1, "`rows`"},
           {WithHead("\"rows\":[{}]"), 1, "each row needs a `name`"},
           {WithHead("\"rows\":[{\"name\":\"Upper\"}]"), 1, "each row needs a `name`"},
           {WithHead("\"rows\":[{\"name\":\"a/b\"}]"), 1, "each row needs a `name`"},
           {WithHead("\"rows\":[{\"name\":\"a\"},{\"name\":\"a\"}]"), 1, "two rows"},
       })
    ExpectRefused(row);
}

TEST(CaseFile, RefusesABadStep) {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {R"({"sned":{}})", "unknown step \"sned\""},
      {R"({})", "unknown step"},
      {R"({"within_ms":5})", "unknown step"},
      {R"({"send":{},"expect":{}})", "two steps in one line"},
      {R"({"send":5})", "send: expected an object"},
      {R"({"send":{},"within_ms":5})", "unknown key \"within_ms\" beside \"send\""},
      {R"({"send":{},"Note":"x"})", "unknown key \"Note\""},
      {R"({"send":{},"keep_open":false})", "`keep_open`"},
      {R"({"send":{},"mark":5})", "`mark`"},
      {R"({"send":{},"process":1})", "`process`"},
      {R"({"send":{},"note":1})", "`note`"},
      {R"({"send":{},"modes":[]})", "`modes`"},
      {R"({"send":{},"modes":"S"})", "`modes`"},
      {R"({"send":{},"modes":["Q"]})", "modes S, O or B"},
      {R"({"send":{},"modes":["-"]})", "modes S, O or B"},
      {R"({"send":{},"requirements":["nonsense"]})", "\"nonsense\" is no requirement"},
      {R"({"send":{},"requirements":[5]})", "`requirements`"},
      {R"({"send_raw":5})", "send_raw: expected a string"},
      {R"({"send_raw":{"base64":"*"}})", "valid base64"},
      {R"({"send_raw":{"repeat":"x"}})", "repeat"},
      {R"({"send_raw":{"repeat":"x","times":-1}})", "repeat"},
      {R"({"send_raw":["a",5]})", "send_raw: expected a string"},
      {R"({"send_raw":{"odd":1}})", "unknown key \"odd\""},
      {R"({"send_slowly":"x","chunk_bytes":0})", "`chunk_bytes`"},
      {R"({"send_slowly":"x","gap_ms":-1})", "`gap_ms`"},
      {R"({"start":true})", "start: expected an object"},
      {R"({"start":{"arg":[]}})", "unknown key \"arg\""},
      {R"({"start":{"args":"x"}})", "a list of arguments"},
      {R"({"start":{"args":[1]}})", "a string"},
      {R"({"env":{"A":1}})", "env: expected a string"},
      {R"({"close_stdin":false})", "close_stdin: expected true"},
      {R"({"close_stdout":1})", "close_stdout: expected true"},
      {R"({"signal":"HUP"})", "TERM, INT, KILL, STOP or CONT"},
      {R"({"signal":9})", "TERM, INT, KILL, STOP or CONT"},
      {R"({"restart":false})", "true, \"KILL\" or \"TERM\""},
      {R"({"release":5})", "release: expected a string"},
      {R"({"sleep_ms":-1})", "sleep_ms"},
      {R"({"sleep_ms":"5"})", "sleep_ms"},
      {R"({"expect":[]})", "expect: expected an object"},
      {R"({"expect":{"a":"<odd>"}})", "unknown matcher <odd>"},
      {R"({"expect":{},"within_ms":"5"})", "`within_ms`"},
      {R"({"expect":{},"within_ms":1.5})", "`within_ms`"},
      {R"({"expect":{},"since":"nowhere"})", "no earlier step sets"},
      {R"({"expect_any_order":{}})", "a list of patterns"},
      {R"({"expect_any_order":[]})", "a list of patterns"},
      {R"({"expect_any_order":["<any>"]})", "expected an object"},
      {R"({"outcome":{"ok":true}})", "a request_id in the outcome"},
      {R"({"outcome":{"request_id":"a","okay":true}})", "unknown key \"okay\""},
      {R"({"expect_silence_ms":true})", "expect_silence_ms"},
      {R"({"expect_exit":"<odd>"})", "an exit status"},
      {R"({"expect_exit":{"signal":"HUP"}})", "TERM, INT, KILL, STOP or CONT"},
      {R"({"expect_exit":{"sig":"KILL"}})", "an exit status"},
      {R"({"expect_stdout":5})", "expect_stdout: expected a string"},
      {R"({"expect_stderr":"<odd>"})", "unknown matcher"},
      {R"({"provider_saw":{"call_count":1}})", "unknown key \"call_count\""},
      {R"({"provider_saw":{"calls":"<odd>"}})", "unknown matcher"},
      {R"({"state_dir_contains":5})", "a string"},
      {R"({"state_dir_lacks":{}})", "a string"},
      {R"({"provider":{}})", "provider"},
      {R"({"provider":[{"respond":{"txt":"x"}}]})", "txt"},
      {R"({"provider":[{"match":{"words":"x"},"respond":{}}]})", "words"},
      {R"({"provider":[{"respond":{"hang":"sometimes"}}]})", "hang"},
  };
  for (const auto& [step, says] : rows)
    ExpectRefused({std::string(kHead) + "\n{\"start\":{}}\n" + step + "\n", 3, says});
}

TEST(CaseFile, TellsEveryFaultAtOnce) {
  const auto parsed = Parse(std::string(kHead) + "\n{\"sned\":1}\n{\"start\":{}}\n{\"snde\":1}\n");
  ASSERT_FALSE(parsed);
  ASSERT_EQ(parsed.error().size(), 2u);
  EXPECT_EQ(parsed.error()[0].line, 2);
  EXPECT_EQ(parsed.error()[1].line, 4);
}

TEST(CaseFile, AMarkMustBeSetBefore) {
  const std::string head = std::string(kHead) + "\n";
  EXPECT_TRUE(Parse(head + "{\"send\":{},\"mark\":\"m\"}\n{\"expect\":{},\"since\":\"m\"}\n"));
  EXPECT_FALSE(Parse(head + "{\"expect\":{},\"since\":\"m\"}\n{\"send\":{},\"mark\":\"m\"}\n"));
}

TEST(CaseFile, RowsBecomeCasesAndKeepTheirTypes) {
  const auto cases =
      Parse(R"({"case":"case","requirements":["${row.id}"],"modes":["S","B"],)"
            R"("about":"About ${row.name}.","env":{"A":"${row.text}"},"rows":[{"name":"zero",)"
            R"("value":0,"text":"t","id":"REQ-01"},{"name":"list","value":[1,{"k":null}],)"
            R"("text":"u","id":"REQ-02"}]})"
            "\n"
            R"({"send":{"v":"${row.value}","in":"<${row.value}>","esc":"$${row.value}",)"
            R"("host":"${provider.key}","${row.name}":1}})"
            "\n");
  ASSERT_TRUE(cases) << cases.error().front().ToString();
  ASSERT_EQ(cases->size(), 2u);
  const Case &zero = (*cases)[0], &list = (*cases)[1];
  EXPECT_EQ(zero.name, "test/case/zero");
  EXPECT_EQ(list.name, "test/case/list");
  EXPECT_EQ(zero.requirements, std::vector<std::string>{"REQ-01"});
  EXPECT_EQ(list.requirements, std::vector<std::string>{"REQ-02"});
  EXPECT_EQ(zero.about, "About zero.");
  EXPECT_EQ(zero.modes, (std::vector<Mode>{Mode::kStream, Mode::kBridge}));
  EXPECT_EQ(ToJson(zero.env), R"({"A":"t"})");
  EXPECT_EQ(ToJson(zero.steps[0].argument),
            R"({"v":0,"in":"<0>","esc":"$${row.value}","host":"${provider.key}","zero":1})");
  EXPECT_EQ(ToJson(list.steps[0].argument),
            R"({"v":[1,{"k":null}],"in":"<[1,{\"k\":null}]>","esc":"$${row.value}",)"
            R"("host":"${provider.key}","list":1})");
  EXPECT_EQ(list.steps[0].line, 2);
}

TEST(CaseFile, AFaultInOneRowIsFound) {
  ExpectRefused({R"({"case":"case","requirements":["CTRL-01"],"modes":["S"],"about":"x",)"
                 R"("rows":[{"name":"a","p":{}},{"name":"b","p":"<odd>"}]})"
                 "\n{\"expect\":\"${row.p}\"}\n",
                 2, "expected an object"});
}

TEST(CaseFile, ReadsAllThatAStepCanCarry) {
  const auto cases =
      Parse(WithHead(R"("timing":true,"serial":true,"capabilities":["tools"],)"
                     R"("env":{"ZENE_QUEUE_MAX":null})") +
            R"({"expect":{},"within_ms":5,"deadline_ms":7,"modes":["S"],"requirements":["REQ-01"],)"
            R"("note":"n"})"
            "\n");
  ASSERT_TRUE(cases);
  const Case& one = cases->front();
  EXPECT_TRUE(one.timing && one.serial);
  EXPECT_EQ(one.capabilities, std::vector<std::string>{"tools"});
  const Step& step = one.steps[1];
  EXPECT_EQ(step.Number("within_ms"), 5);
  EXPECT_EQ(step.Number("not_before_ms"), std::nullopt);
  EXPECT_EQ(step.Requirements(), std::vector<std::string>{"REQ-01"});
  EXPECT_TRUE(step.PlayedIn(Mode::kStream));
  EXPECT_FALSE(step.PlayedIn(Mode::kBridge));
}

TEST(CaseFile, LoadsAFolderInOrderAndNamesTheFile) {
  TestFolder folder;
  const auto anything = [](const std::string&) { return true; };
  std::filesystem::create_directories(folder.path() / "zeta");
  std::filesystem::create_directories(folder.path() / "alpha");
  WriteFile(folder.path() / "zeta/case.jsonl", std::string(kHead) + "\n{\"start\":{}}\n");
  WriteFile(folder.path() / "alpha/case.jsonl", std::string(kHead) + "\n{\"start\":{}}\n");
  WriteFile(folder.path() / "alpha/readme.md", "not a case");
  auto cases = LoadCases(folder.path(), anything);
  ASSERT_TRUE(cases);
  ASSERT_EQ(cases->size(), 2u);
  EXPECT_EQ((*cases)[0].name, "alpha/case");
  EXPECT_EQ((*cases)[1].name, "zeta/case");
  WriteFile(folder.path() / "zeta/case.jsonl", "{}\n");
  cases = LoadCases(folder.path(), anything);
  ASSERT_FALSE(cases);
  EXPECT_NE(cases.error().front().ToString().find("zeta/case.jsonl:1: "), std::string::npos);
  EXPECT_FALSE(LoadCases(folder.path() / "nowhere", anything));
}

}  // namespace
}  // namespace touchstone::testing
