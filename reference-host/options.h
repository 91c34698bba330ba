// Everything that the outside may say about how the host runs: command line and environment, read
// once and turned into one plain struct (contract, section 1). Nothing else in the host reads argv
// or getenv.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reference-host/store/inspect.h"

namespace refhost {

enum class Command { kHost, kSelfTest, kInspect, kHelp, kVersion };
enum class Mode { kStream, kOneShot, kBridge };

struct CommandLine {
  Command command = Command::kHost;
  Mode mode = Mode::kOneShot;
  std::optional<int64_t> stdin_timeout_ms;
  InspectKind inspect = InspectKind::kTurns;
  std::optional<std::string> inspect_session;
};

// A usage error: one sentence for stderr, exit 2 (EXIT-07).
tl::expected<CommandLine, std::string> ParseCommandLine(const std::vector<std::string>& args);
std::string UsageText();
std::string VersionText();

enum class ProviderKind { kOpenAi, kAnthropic, kEcho };
enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };

struct ProviderConfig {
  ProviderKind kind = ProviderKind::kOpenAi;
  std::string model;
  std::string api_key;  // empty: none configured
  std::string base_url;
};

struct Config {
  int64_t max_concurrency = 8;
  int64_t session_max_concurrency = 1;
  int64_t queue_max = 200;
  int64_t queue_wait_timeout_ms = 5000;
  int64_t request_timeout_ms = 120000;
  int64_t provider_timeout_ms = 45000;
  int64_t tool_timeout_ms = 60000;
  int64_t cancel_grace_ms = 2000;
  int64_t session_ttl_sec = 86400;
  int64_t session_cleanup_interval_sec = 300;
  int64_t idempotency_ttl_sec = 600;
  int64_t idempotency_max_keys = 50000;
  bool idempotency_replay_marker = true;
  int64_t stdin_timeout_ms = 15000;
  int64_t max_request_bytes = 1048576;
  int64_t heartbeat_ms = 5000;
  std::string state_dir;
  LogLevel log_level = LogLevel::kInfo;
  ProviderConfig provider;
  std::optional<ProviderConfig> fallback;
  // What commands of tool calls see of the host's environment: "NAME=value", of a short list of
  // names, and never a key (TOOL-05).
  std::vector<std::string> tool_environment;

  // Variables that had a bad value: what to say on stderr, each naming the variable and its range.
  // The field keeps its default then, so that a one-shot can still read its line and answer
  // INTERNAL.
  std::vector<std::string> problems;
};

using Environment = std::function<const char*(const char* name)>;

Config ReadConfig(const Environment& get);

// The variables that hold provider keys.
const std::vector<const char*>& KeyVariables();

std::string_view Name(ProviderKind kind);

}  // namespace refhost
