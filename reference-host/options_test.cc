#include "reference-host/options.h"

#include <gtest/gtest.h>

#include <map>

namespace refhost {
namespace {

Config Read(std::map<std::string, std::string> variables) {
  variables.emplace("HOME", "/home/x");
  return ReadConfig([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Options, Defaults) {
  const Config config = Read({});
  EXPECT_TRUE(config.problems.empty());
  EXPECT_EQ(config.max_concurrency, 8);
  EXPECT_EQ(config.state_dir, "/home/x/.zene");
  EXPECT_EQ(config.provider.kind, ProviderKind::kOpenAi);
  EXPECT_EQ(config.provider.base_url, "https://api.openai.com/v1");
  EXPECT_FALSE(config.fallback);
}

TEST(Options, BlankIsUnsetAndCaseDoesNotMatter) {
  const Config config = Read({{"ZENE_QUEUE_MAX", " \t"},
                              {"LLM_PROVIDER", "Echo"},
                              {"ZENE_IDEMPOTENCY_REPLAY_MARKER", "No"},
                              {"ZENE_LOG_LEVEL", "WARN"},
                              {"LLM_API_KEY", ""},
                              {"OPENAI_API_KEY", "second"}});
  EXPECT_TRUE(config.problems.empty());
  EXPECT_EQ(config.queue_max, 200);
  EXPECT_EQ(config.provider.kind, ProviderKind::kEcho);
  EXPECT_FALSE(config.idempotency_replay_marker);
  EXPECT_EQ(config.log_level, LogLevel::kWarn);
  EXPECT_EQ(config.provider.api_key, "second");
}

TEST(Options, ProblemsNameTheVariableAndTheRange) {
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"ZENE_MAX_CONCURRENCY", "1025"},
                                          {"ZENE_QUEUE_MAX", "-1"},
                                          {"ZENE_HEARTBEAT_MS", "9"},
                                          {"ZENE_MAX_REQUEST_BYTES", "1023"},
                                          {"ZENE_CANCEL_GRACE_MS", "1e3"},
                                          {"ZENE_STDIN_TIMEOUT_MS", "0x10"},
                                          {"ZENE_OPS_BIND", "9090"},
                                          {"ZENE_SESSION_TTL_SEC", "0"},
                                          {"LLM_BASE_URL", "not a url"},
                                          {"LLM_FALLBACK_PROVIDER", "x"},
                                          {"ZENE_IDEMPOTENCY_MAX_KEYS", "99999999999999999999"}}) {
    const Config config = Read({{name, value}});
    ASSERT_EQ(config.problems.size(), 1u) << name;
    EXPECT_NE(config.problems[0].find(name), std::string::npos);
    EXPECT_EQ(config.problems[0].find(value + " "), std::string::npos);
  }
}

TEST(Options, CommandLine) {
  const auto mode = [](std::vector<std::string> args) {
    args.insert(args.begin(), "host");
    const auto line = ParseCommandLine(args);
    return line ? static_cast<int>(line->mode) : -1;
  };
  EXPECT_EQ(mode({}), static_cast<int>(Mode::kOneShot));
  EXPECT_EQ(mode({"--single-request"}), static_cast<int>(Mode::kOneShot));
  EXPECT_EQ(mode({"--single-request", "--protocol=v1"}), static_cast<int>(Mode::kOneShot));
  EXPECT_EQ(mode({"--single-request", "false"}), static_cast<int>(Mode::kStream));
  EXPECT_EQ(mode({"--single-request=false", "--protocol", "v1"}), static_cast<int>(Mode::kStream));
  EXPECT_EQ(mode({"--bridge-compat", "--single-request", "true"}), static_cast<int>(Mode::kBridge));
  EXPECT_EQ(mode({"--bridge-compat", "--single-request=no"}), -1);
  EXPECT_EQ(mode({"--protocol", "V1"}), -1);
  EXPECT_EQ(mode({"--stdin-timeout-ms=0"}), -1);
}

}  // namespace
}  // namespace refhost
