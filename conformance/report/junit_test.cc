// junit.xml against the schema, by a validator that nobody here wrote.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "conformance/report/samples/samples.h"
#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

class JunitSchema : public ::testing::Test {
 protected:
  // xmllint's status: 0 valid, 3 not valid.
  int Validate(const std::string& xml) {
    const auto file = folder_.path() / "junit.xml";
    WriteFile(file, xml);
    const auto command = fmt::format(
        "xmllint --noout --nonet --schema {}/conformance/report/junit.xsd {} >{}/out 2>&1",
        TOUCHSTONE_SOURCE_DIR, file.string(), folder_.path().string());
    const int status = std::system(command.c_str());
    told_ = ReadFile(folder_.path() / "out");
    return WEXITSTATUS(status);
  }

  TestFolder folder_;
  std::string told_;
};

TEST_F(JunitSchema, AcceptsWhatIsWritten) {
  for (const auto name : SampleNames())
    EXPECT_EQ(Validate(FormatJunit(*SampleReport(name))), 0) << name << told_.substr(0, 2000);
  Report empty;
  EXPECT_EQ(Validate(FormatJunit(empty)), 0) << told_;
}

// A schema that accepts all proves nothing.
TEST_F(JunitSchema, RefusesWhatIsWrong) {
  const std::string good =
      R"(<testsuites tests="1"><testsuite name="a" tests="1" failures="0" errors="0">)"
      R"(<testcase name="b" classname="a" time="0.5"/></testsuite></testsuites>)";
  ASSERT_EQ(Validate(good), 0) << told_;
  const std::pair<const char*, const char*> breaks[] = {
      {"name=\"b\"", ""},
      {"name=\"b\"", "name=\"\""},
      {"classname=\"a\"", ""},
      {"tests=\"1\" failures", "failures"},
      {"failures=\"0\"", "failures=\"none\""},
      {"time=\"0.5\"", "time=\"-1\""},
      {"time=\"0.5\"", "verdict=\"pass\""},
      {"time=\"0.5\"/>", "><failure/><skipped/></testcase>"},
      {"time=\"0.5\"/>", "><passed/></testcase>"},
      {"time=\"0.5\"/>", "><skipped message=\"\"/></testcase>"},
      {"</testsuite>",
       "</testsuite><testsuite name=\"a\" tests=\"0\" failures=\"0\" errors=\"0\"/>"}};
  for (const auto& [from, to] : breaks) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    EXPECT_EQ(Validate(bad), 3) << bad << told_;
  }
}

}  // namespace
}  // namespace touchstone::testing
