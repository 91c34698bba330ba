#include "reference-host/tools/toolbox.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

class ToolboxTest : public testing::Test {
 protected:
  ToolboxTest() {
    char name[] = "/tmp/refhost-toolbox-XXXXXX";
    dir_ = mkdtemp(name);
  }
  ~ToolboxTest() override { std::filesystem::remove_all(dir_); }
  ToolOutcome Call(const std::string& name, const std::string& arguments) {
    const auto invocation = toolbox_->Parse({"id", name, arguments});
    return invocation ? toolbox_->Run(*invocation, "s", {})
                      : ToolOutcome{ToolEnd::kRefused, invocation.error()};
  }
  std::string dir_;
  std::unique_ptr<Toolbox> toolbox_ = std::make_unique<Toolbox>(
      ToolSettings{dir_, 5000, {"PATH=/usr/bin:/bin"}, {"sk-secret-123456", ""}});
};

TEST_F(ToolboxTest, EqualCallsHaveEqualArguments) {
  const auto a = toolbox_->Parse({"1", "write_file", R"({"path":"p","content":"c"})"});
  const auto b = toolbox_->Parse({"2", "write_file", R"( {"content": "c", "path": "\u0070"} )"});
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->arguments, b->arguments);
  EXPECT_NE(a->arguments,
            toolbox_->Parse({"3", "write_file", R"({"path":"p","content":"d"})"})->arguments);
}

TEST_F(ToolboxTest, BadCallsAreRefusedWithAReason) {
  for (const auto& [name, arguments] : std::vector<std::pair<std::string, std::string>>{
           {"rm", "{}"},
           {"run_command", "ls"},
           {"run_command", "[]"},
           {"run_command", "{\"command\":1}"},
           {"run_command", "{\"command\":\" \"}"},
           {"run_command", "{\"command\":\"a\\u0000b\"}"},
           {"read_file", "{}"},
           {"write_file", "{\"path\":\"x\"}"},
           {"list_files", "{\"path\":7}"},
           {"read_file", "{\"path\":\"\xff\"}"}}) {
    const auto outcome = Call(name, arguments);
    EXPECT_EQ(outcome.end, ToolEnd::kRefused) << name << arguments;
    EXPECT_FALSE(outcome.result.empty());
  }
}

TEST_F(ToolboxTest, ResultsAreBoundedValidAndWithoutSecrets) {
  Call("write_file", "{\"path\":\"f\",\"content\":\"" + std::string(65'265, 'x') +
                         "sk-secret-123456" + std::string(70'000, 'y') + "\"}");
  std::string result = Call("read_file", R"({"path":"f"})").result;
  EXPECT_LE(result.size(), 65'536u);
  EXPECT_EQ(result.find("sk-"), std::string::npos);
  result = Call("write_file", "{\"path\":\"sk-secret-123456/\",\"content\":\"\"}").result;
  EXPECT_EQ(result.find("sk-"), std::string::npos);
}

TEST(CutAtCharacter, NeverEndsInsideOne) {
  const std::string text = "a\u00e9\u20ac\U0001f600z";
  for (size_t size = 0; size <= text.size() + 1; ++size) {
    const std::string cut(CutAtCharacter(text, size));
    EXPECT_LE(cut.size(), size);
    EXPECT_GE(cut.size() + 4, std::min(size, text.size()));
    EXPECT_EQ(ReplaceBadUtf8(cut), cut);
  }
  EXPECT_EQ(CutAtCharacter("\x80\x80\x80\x80\x80\x80", 4).size(), 4u);
}

}  // namespace
}  // namespace refhost
