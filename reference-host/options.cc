#include "reference-host/options.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kAnyCount = std::numeric_limits<int64_t>::max() / 1'000'000;

tl::unexpected<std::string> Bad(std::string problem) { return tl::unexpected(std::move(problem)); }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> ParseBoolean(std::string_view text) {
  const std::string word = Lower(text);
  if (word == "true" || word == "1" || word == "yes") return true;
  if (word == "false" || word == "0" || word == "no") return false;
  return std::nullopt;
}

// Reads variables into fields and collects what is wrong with them.
class Reader {
 public:
  Reader(const Environment& get, std::vector<std::string>& problems)
      : get_(get), problems_(problems) {}

  // The value without surrounding blanks; nothing if unset or blank.
  std::optional<std::string> Text(const char* name) const {
    const char* value = get_(name);
    if (!value || IsBlank(value)) return std::nullopt;
    return std::string(Trim(value));
  }

  void Integer(const char* name, int64_t min, int64_t max, int64_t& field) {
    const auto text = Text(name);
    if (!text) return;
    const auto value = ParseInteger(*text);
    if (value && *value >= min && *value <= max) {
      field = *value;
      return;
    }
    const std::string range = max == kAnyCount
                                  ? "of at least " + std::to_string(min)
                                  : "from " + std::to_string(min) + " to " + std::to_string(max);
    Problem(name, "an integer " + range);
  }

  void Boolean(const char* name, bool& field) {
    const auto text = Text(name);
    if (!text) return;
    if (const auto value = ParseBoolean(*text)) {
      field = *value;
    } else {
      Problem(name, "one of true, 1, yes, false, 0, no");
    }
  }

  // The position of the value, in any case, in `names`.
  std::optional<size_t> Choice(const char* name, const std::vector<std::string_view>& names) {
    const auto text = Text(name);
    if (!text) return std::nullopt;
    const auto found = std::find(names.begin(), names.end(), Lower(*text));
    if (found != names.end()) return static_cast<size_t>(found - names.begin());
    std::string all;
    for (auto choice : names) all += (all.empty() ? "" : ", ") + std::string(choice);
    Problem(name, "one of " + all);
    return std::nullopt;
  }

  // The value itself is not shown: it may be a key in the wrong place (SEC-01).
  void Problem(const char* name, const std::string& range) {
    problems_.push_back(std::string(name) + " must be " + range);
  }

 private:
  const Environment& get_;
  std::vector<std::string>& problems_;
};

std::string DefaultModel(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::kOpenAi:
      return "gpt-4o-mini";
    case ProviderKind::kAnthropic:
      return "claude-3-5-haiku-latest";
    case ProviderKind::kEcho:
      return "echo";
  }
  return "";
}

std::string DefaultBaseUrl(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::kOpenAi:
      return "https://api.openai.com/v1";
    case ProviderKind::kAnthropic:
      return "https://api.anthropic.com";
    case ProviderKind::kEcho:
      return "";
  }
  return "";
}

bool LooksLikeUrl(std::string_view url) {
  const std::string lower = Lower(url.substr(0, 8));
  const size_t scheme = lower.starts_with("http://") ? 7 : lower.starts_with("https://") ? 8 : 0;
  return scheme && url.size() > scheme && url[scheme] != '/' &&
         std::all_of(url.begin(), url.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

struct ProviderVariables {
  const char* kind;
  const char* model;
  std::vector<const char*> keys;
  std::vector<const char*> urls;
};

std::optional<ProviderConfig> ReadProvider(Reader& reader, const ProviderVariables& names,
                                           std::optional<ProviderKind> default_kind) {
  const auto choice = reader.Choice(names.kind, {"openai", "anthropic", "echo"});
  if (!choice && !default_kind) return std::nullopt;
  ProviderConfig provider;
  provider.kind = choice ? static_cast<ProviderKind>(*choice) : *default_kind;
  provider.model = reader.Text(names.model).value_or(DefaultModel(provider.kind));
  if (ReplaceBadUtf8(provider.model) != provider.model) reader.Problem(names.model, "valid UTF-8");
  for (const char* name : names.keys) {
    if (provider.api_key.empty()) provider.api_key = reader.Text(name).value_or("");
  }
  const bool is_echo = provider.kind == ProviderKind::kEcho;
  if (!std::all_of(provider.api_key.begin(), provider.api_key.end(),
                   [](unsigned char c) { return c >= 0x20 && c < 0x7f; })) {
    reader.Problem(names.keys.front(), "printable ASCII");
  }
  for (const char* name : names.urls) {
    const auto url = reader.Text(name);
    if (!url || !provider.base_url.empty()) continue;
    provider.base_url = *url;
    if (!is_echo && !LooksLikeUrl(*url)) reader.Problem(name, "an http:// or https:// URL");
  }
  if (provider.base_url.empty()) provider.base_url = DefaultBaseUrl(provider.kind);
  return provider;
}

void CheckOpsBind(Reader& reader) {
  const auto bind = reader.Text("ZENE_OPS_BIND");
  if (!bind) return;
  const size_t colon = bind->rfind(':');
  if (colon != std::string::npos && colon > 0) {
    const auto port = ParseInteger(std::string_view(*bind).substr(colon + 1));
    if (port && *port >= 0 && *port <= 65535) return;
  }
  reader.Problem("ZENE_OPS_BIND", "ADDRESS:PORT with a port from 0 to 65535");
}

std::vector<std::string> ToolEnvironment(const Environment& get, const Config& config) {
  std::vector<std::string> out;
  bool has_path = false;
  for (const std::string name : {"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TERM",
                                 "USER", "LOGNAME", "SHELL", "TMPDIR", "HOME"}) {
    const char* value = get(name.c_str());
    if (!value) continue;
    const auto quotes = [value](const std::string& key) {
      return !key.empty() && std::string_view(value).find(key) != std::string_view::npos;
    };
    if (quotes(config.provider.api_key)) continue;
    if (config.fallback && quotes(config.fallback->api_key)) continue;
    has_path = has_path || name == "PATH";
    out.push_back(name + "=" + value);
  }
  if (!has_path) out.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
  return out;
}

void ReadNumbers(Reader& reader, Config& config) {
  reader.Integer("ZENE_MAX_CONCURRENCY", 1, 1024, config.max_concurrency);
  reader.Integer("ZENE_SESSION_MAX_CONCURRENCY", 1, 1024, config.session_max_concurrency);
  reader.Integer("ZENE_QUEUE_MAX", 0, 1'000'000, config.queue_max);
  reader.Integer("ZENE_QUEUE_WAIT_TIMEOUT_MS", 1, kDayMs, config.queue_wait_timeout_ms);
  reader.Integer("ZENE_REQUEST_TIMEOUT_MS", 1, kDayMs, config.request_timeout_ms);
  reader.Integer("ZENE_PROVIDER_TIMEOUT_MS", 1, kDayMs, config.provider_timeout_ms);
  reader.Integer("ZENE_TOOL_TIMEOUT_MS", 1, kDayMs, config.tool_timeout_ms);
  reader.Integer("ZENE_CANCEL_GRACE_MS", 0, 600'000, config.cancel_grace_ms);
  reader.Integer("ZENE_SESSION_TTL_SEC", 1, kAnyCount, config.session_ttl_sec);
  reader.Integer("ZENE_SESSION_CLEANUP_INTERVAL_SEC", 1, kAnyCount,
                 config.session_cleanup_interval_sec);
  reader.Integer("ZENE_IDEMPOTENCY_TTL_SEC", 1, kAnyCount, config.idempotency_ttl_sec);
  reader.Integer("ZENE_IDEMPOTENCY_MAX_KEYS", 1, kAnyCount, config.idempotency_max_keys);
  reader.Integer("ZENE_STDIN_TIMEOUT_MS", 1, kDayMs, config.stdin_timeout_ms);
  reader.Integer("ZENE_MAX_REQUEST_BYTES", 1024, 268'435'456, config.max_request_bytes);
  reader.Integer("ZENE_HEARTBEAT_MS", 10, 600'000, config.heartbeat_ms);
  reader.Boolean("ZENE_IDEMPOTENCY_REPLAY_MARKER", config.idempotency_replay_marker);
}

// Takes the value of "--name VALUE" or "--name=VALUE"; nothing if `args[i]` is another flag.
std::optional<std::string> FlagValue(const std::vector<std::string>& args, size_t& i,
                                     const std::string& name, std::string& problem) {
  const std::string& arg = args[i];
  if (arg.starts_with(name + "=")) return arg.substr(name.size() + 1);
  if (arg != name) return std::nullopt;
  if (i + 1 < args.size()) return args[++i];
  problem = name + " needs a value";
  return std::nullopt;
}

tl::expected<CommandLine, std::string> ParseHost(const std::vector<std::string>& args) {
  CommandLine line;
  bool bridge = false;
  bool single = true;
  for (size_t i = 1; i < args.size(); ++i) {
    std::string problem;
    if (args[i] == "--help" || args[i] == "-h") {
      line.command = Command::kHelp;
      return line;
    }
    if (args[i] == "--bridge-compat") {
      bridge = true;
    } else if (args[i] == "--single-request") {
      single = true;
      // The value is optional: what follows is one unless it is a flag.
      if (i + 1 < args.size() && !args[i + 1].starts_with("-")) {
        const auto value = ParseBoolean(args[++i]);
        if (!value) return Bad("--single-request takes true or false");
        single = *value;
      }
    } else if (args[i].starts_with("--single-request=")) {
      const auto value = ParseBoolean(args[i].substr(args[i].find('=') + 1));
      if (!value) return Bad("--single-request takes true or false");
      single = *value;
    } else if (auto protocol = FlagValue(args, i, "--protocol", problem)) {
      if (*protocol != "v1") return Bad("--protocol must be v1");
    } else if (auto timeout = FlagValue(args, i, "--stdin-timeout-ms", problem)) {
      line.stdin_timeout_ms = ParseInteger(*timeout);
      if (!line.stdin_timeout_ms || *line.stdin_timeout_ms < 1 || *line.stdin_timeout_ms > kDayMs) {
        return Bad("--stdin-timeout-ms must be an integer from 1 to 86400000");
      }
    } else {
      return Bad(problem.empty() ? "unknown argument of host: " + args[i] : problem);
    }
  }
  if (bridge && !single) {
    return Bad("--bridge-compat cannot be combined with --single-request=false");
  }
  line.mode = bridge ? Mode::kBridge : single ? Mode::kOneShot : Mode::kStream;
  return line;
}

tl::expected<CommandLine, std::string> ParseInspect(const std::vector<std::string>& args) {
  static const std::vector<std::string> kinds = {"turns", "events", "audit", "idempotency"};
  CommandLine line;
  line.command = Command::kInspect;
  if (args.size() > 1 && (args[1] == "--help" || args[1] == "-h")) {
    line.command = Command::kHelp;
    return line;
  }
  const auto kind = args.size() > 1 ? std::find(kinds.begin(), kinds.end(), args[1]) : kinds.end();
  if (kind == kinds.end()) return Bad("inspect takes one of turns, events, audit, idempotency");
  line.inspect = static_cast<InspectKind>(kind - kinds.begin());
  for (size_t i = 2; i < args.size(); ++i) {
    std::string problem;
    line.inspect_session = FlagValue(args, i, "--session", problem);
    if (line.inspect_session) continue;
    return Bad(problem.empty() ? "unknown argument of inspect: " + args[i] : problem);
  }
  return line;
}

}  // namespace

const std::vector<const char*>& KeyVariables() {
  static const std::vector<const char*> names = {"LLM_API_KEY", "OPENAI_API_KEY",
                                                 "LLM_FALLBACK_API_KEY"};
  return names;
}

std::string_view Name(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::kOpenAi:
      return "openai";
    case ProviderKind::kAnthropic:
      return "anthropic";
    case ProviderKind::kEcho:
      return "echo";
  }
  return "";
}

Config ReadConfig(const Environment& get) {
  Config config;
  Reader reader(get, config.problems);
  ReadNumbers(reader, config);
  if (auto level = reader.Choice("ZENE_LOG_LEVEL", {"trace", "debug", "info", "warn", "error"})) {
    config.log_level = static_cast<LogLevel>(*level);
  }
  CheckOpsBind(reader);
  if (const auto dir = reader.Text("ZENE_STATE_DIR")) {
    config.state_dir = *dir;
  } else if (const auto home = reader.Text("HOME")) {
    config.state_dir = *home + "/.zene";
  } else {
    reader.Problem("ZENE_STATE_DIR", "the path of a directory (HOME is not set either)");
  }
  config.provider = *ReadProvider(reader,
                                  {"LLM_PROVIDER",
                                   "LLM_MODEL",
                                   {"LLM_API_KEY", "OPENAI_API_KEY"},
                                   {"LLM_BASE_URL", "OPENAI_BASE_URL"}},
                                  ProviderKind::kOpenAi);
  config.fallback = ReadProvider(reader,
                                 {"LLM_FALLBACK_PROVIDER",
                                  "LLM_FALLBACK_MODEL",
                                  {"LLM_FALLBACK_API_KEY"},
                                  {"LLM_FALLBACK_BASE_URL"}},
                                 std::nullopt);
  config.tool_environment = ToolEnvironment(get, config);
  return config;
}

tl::expected<CommandLine, std::string> ParseCommandLine(const std::vector<std::string>& args) {
  CommandLine line;
  if (args.empty()) return Bad("a subcommand is missing");
  const std::string& name = args.front();
  if (name == "host") return ParseHost(args);
  if (name == "inspect") return ParseInspect(args);
  if (name == "--help" || name == "-h" || name == "help") {
    line.command = Command::kHelp;
  } else if (name == "--version") {
    line.command = Command::kVersion;
  } else if (name == "self-test") {
    line.command = Command::kSelfTest;
    if (args.size() > 1 && (args[1] == "--help" || args[1] == "-h")) {
      line.command = Command::kHelp;
    } else if (args.size() > 1) {
      return Bad("unknown argument of self-test: " + args[1]);
    }
  } else {
    return Bad("unknown subcommand or flag: " + name);
  }
  return line;
}

std::string UsageText() {
  return "usage: refhost host [--protocol v1] [--single-request[=true|false]] [--bridge-compat]\n"
         "                    [--stdin-timeout-ms N]\n"
         "       refhost self-test\n"
         "       refhost inspect turns|events|audit|idempotency [--session ID]\n"
         "       refhost --help | --version\n"
         "\n"
         "host       answers Host Protocol v1 requests on stdin and stdout: one request by "
         "default,\n"
         "           many with --single-request=false, the flat shape with --bridge-compat\n"
         "self-test  checks configuration, state directory and provider; one JSON line\n"
         "inspect    prints what the state directory holds, one JSON object per line\n"
         "\n"
         "Configuration comes from the environment (ZENE_*, LLM_*); see the contract, section 1.\n";
}

std::string VersionText() { return "refhost 0.1.0 (Host Protocol v1)\n"; }

}  // namespace refhost
