#include "conformance/observe/json_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace touchstone {
namespace {

class JsonFileTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& text) {
    const auto file = std::filesystem::path(::testing::TempDir()) / "json_file_test.json";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  std::string ErrorOf(const std::string& text) {
    const auto read = ReadJsonFile(Write(text));
    return read ? "" : read.error();
  }
};

constexpr std::string_view kText = R"({
  "a": 1,
  "b": {"x": "}]\"", "y":
    [10,
     {"z": null}]},
  "c": []
})";

TEST_F(JsonFileTest, FindsTheLineOfAPath) {
  EXPECT_EQ(LineOf(kText, {}), 1);
  EXPECT_EQ(LineOf(kText, {"a"}), 2);
  EXPECT_EQ(LineOf(kText, {"b", "x"}), 3);
  EXPECT_EQ(LineOf(kText, {"b", "y"}), 4);
  EXPECT_EQ(LineOf(kText, {"b", "y", "0"}), 4);
  EXPECT_EQ(LineOf(kText, {"b", "y", "1"}), 5);
  EXPECT_EQ(LineOf(kText, {"b", "y", "1", "z"}), 5);
  EXPECT_EQ(LineOf(kText, {"c"}), 6);
}

TEST_F(JsonFileTest, StopsWhereThePathEnds) {
  EXPECT_EQ(LineOf(kText, {"b", "y", "9"}), 4);
  EXPECT_EQ(LineOf(kText, {"nothing"}), 1);
  EXPECT_EQ(LineOf(kText, {"a", "deeper"}), 2);
}

TEST_F(JsonFileTest, SaysOnWhichLineItStopsBeingJson) {
  EXPECT_NE(ErrorOf("{\n\"a\":1,\n}").find(":3: not JSON"), std::string::npos)
      << ErrorOf("{\n\"a\":1,\n}");
  EXPECT_NE(ErrorOf("{\n\"a\":\n").find(": not JSON"), std::string::npos);
  EXPECT_NE(ErrorOf("{\"a\":1,\"a\":2}").find("given twice"), std::string::npos);
  const std::string twice = R"({"a":[{"b":1},{"b":2}],
"c":{
"a":1},
"a":"{"})";
  EXPECT_NE(ErrorOf(twice).find(":4: not JSON: the key \"a\""), std::string::npos)
      << ErrorOf(twice);
}

TEST_F(JsonFileTest, SaysThatAFileCannotBeRead) {
  const auto read = ReadJsonFile("/nonexistent/waivers.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), "/nonexistent/waivers.json: cannot be read");
}

TEST_F(JsonFileTest, FaultNamesFileLineAndKey) {
  const auto read = ReadJsonFile(Write("{\n\"a\":1}"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->Fault({"a"}, "expected a string"),
            read->file.string() + ":2: `a`: expected a string");
}

}  // namespace
}  // namespace touchstone
