#include "conformance/profile/profile.h"

#include <gtest/gtest.h>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

tl::expected<Profile, std::string> Load(const TestFolder& folder, const std::string& text) {
  WriteFile(folder.path() / "p.json", text);
  return LoadProfile(folder.path() / "p.json", "/the/bin");
}

TEST(Profile, ReadsAllThatOneCanSay) {
  TestFolder folder;
  const auto profile = Load(folder, R"({"name":"n","about":"x","protocol":"zene-host-v1",
    "modes":{"stream":["${profile.dir}/h","pre","host","a"],"oneshot":["${bin.dir}/h","host"]},
    "env":{"LLM_BASE_URL":"${provider.base_url}","A":"b"},"provider_dialect":"anthropic",
    "capabilities":["tools","ops"],"tools":{"read_file":{"name":"cat"}}})");
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->name, "n");
  EXPECT_EQ(profile->CommandFor(Mode::kStream)->front(), folder.path().string() + "/h");
  EXPECT_EQ(profile->CommandFor(Mode::kOneShot)->front(), "/the/bin/h");
  EXPECT_EQ(profile->CommandFor(Mode::kBridge), nullptr);
  EXPECT_EQ(profile->CommandFor(Mode::kNone), nullptr);
  EXPECT_EQ(profile->ProgramPrefix(),
            (std::vector<std::string>{folder.path().string() + "/h", "pre"}));
  EXPECT_EQ(profile->environment.at("LLM_BASE_URL"), "${provider.base_url}");
  EXPECT_EQ(profile->dialect, "anthropic");
  EXPECT_EQ(profile->capabilities, (std::set<std::string>{"tools", "ops"}));
  EXPECT_TRUE(profile->tools.contains("read_file"));
}

TEST(Profile, Refuses) {
  TestFolder folder;
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"", "not JSON"},
      {"{", "not JSON"},
      {"[]", "expected a JSON object"},
      {R"({"name":"n","name":"m"})", "given twice"},
      {R"({"modes":{"stream":["h"]}})", "`name` is missing"},
      {R"({"name":"n"})", "`modes` is missing"},
      {R"({"name":"","modes":{"stream":["h"]}})", "`name`"},
      {R"({"name":5,"modes":{"stream":["h"]}})", "`name`: expected a string, got 5"},
      {R"({"name":"n","colour":1})", "`colour`: unknown key"},
      {R"({"name":"n","protocol":"other"})", "expected \"zene-host-v1\", got \"other\""},
      {R"({"name":"n","provider_dialect":"smoke"})", "got \"smoke\""},
      {R"({"name":"n","modes":[]})", "`modes`: expected an object"},
      {R"({"name":"n","modes":{"flow":["h"]}})", "unknown mode \"flow\""},
      {R"({"name":"n","modes":{"stream":"h"}})", "\"stream\" must be a list of words"},
      {R"({"name":"n","modes":{"stream":[]}})", "\"stream\" must be a list of words"},
      {R"({"name":"n","modes":{"stream":["h",5]}})", "\"stream\": expected a string"},
      {R"({"name":"n","env":[]})", "`env`: expected an object"},
      {R"({"name":"n","env":{"A":1}})", "\"A\" must be a string"},
      {R"({"name":"n","capabilities":"tools"})", "`capabilities`: expected a list"},
      {R"({"name":"n","capabilities":["tolos"]})", "unknown capability \"tolos\""},
      {R"({"name":"n","tools":[]})", "`tools`: expected an object"},
  };
  for (const auto& [text, says] : rows) {
    const auto profile = Load(folder, text);
    ASSERT_FALSE(profile) << text;
    EXPECT_NE(profile.error().find(says), std::string::npos)
        << text << "\nmust say: " << says << "\nsays: " << profile.error();
    EXPECT_NE(profile.error().find("p.json"), std::string::npos);
  }
  const auto missing = LoadProfile(folder.path() / "nowhere.json", "/");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("nowhere.json"), std::string::npos);
}

TEST(Profile, TheBundledOnesLoad) {
  for (const char* name : {"refhost", "zene"}) {
    const auto profile = LoadProfile(
        std::string(TOUCHSTONE_SOURCE_DIR "/conformance/profiles/") + name + ".json", "/bin");
    ASSERT_TRUE(profile) << profile.error();
    EXPECT_EQ(profile->name, name);
    for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge})
      EXPECT_NE(profile->CommandFor(mode), nullptr) << name;
  }
}

TEST(Profile, ABareCommandGetsTheContractsCommandLine) {
  Profile profile = ProfileForCommand({"python3", "my_host.py"});
  EXPECT_EQ(*profile.CommandFor(Mode::kStream),
            (std::vector<std::string>{"python3", "my_host.py", "host", "--protocol", "v1",
                                      "--single-request=false"}));
  EXPECT_EQ(profile.CommandFor(Mode::kBridge)->back(), "--single-request");
  EXPECT_EQ(profile.ProgramPrefix(), (std::vector<std::string>{"python3", "my_host.py"}));
  EXPECT_EQ(profile.environment.at("LLM_API_KEY"), "${provider.key}");
  ReplaceProgram(profile, "other");
  EXPECT_EQ(profile.CommandFor(Mode::kOneShot)->front(), "other");
}

}  // namespace
}  // namespace touchstone::testing
