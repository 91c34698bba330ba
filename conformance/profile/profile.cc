#include "conformance/profile/profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/observe/json_file.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::string_view kCommandNames[] = {"stream",    "oneshot", "bridge",
                                              "self_test", "worker",  "inspect"};
constexpr std::string_view kCapabilities[] = {"tools", "events", "ops", "inspect", "governance"};

template <typename Names>
bool IsKnown(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::map<std::string, std::string> DefaultEnvironment() {
  return {{"LLM_PROVIDER", "openai"},
          {"LLM_BASE_URL", "${provider.base_url}"},
          {"LLM_API_KEY", "${provider.key}"},
          {"LLM_MODEL", "${provider.model}"}};
}

// Reads the object's fields into the profile; the first fault is the answer.
class Reader {
 public:
  explicit Reader(Profile& into) : into_(into) {}

  // `file` is for the lines of faults; `fields` are its own with the variables replaced.
  std::string Read(const JsonFile& file, const object& fields) {
    for (const auto& [key, v] : fields) {
      const std::string fault = Field(key, v);
      if (!fault.empty()) return file.Fault({std::string(key)}, fault);
    }
    if (into_.name.empty()) return file.Fault({}, "`name` is missing");
    if (into_.commands.empty()) return file.Fault({}, "`modes` is missing");
    return {};
  }

 private:
  std::string Field(std::string_view key, const value& v) {
    if (key == "name") return Text(v, into_.name);
    if (key == "protocol") {
      std::string protocol;
      if (auto fault = Text(v, protocol); !fault.empty()) return fault;
      return protocol == "zene-host-v1"
                 ? ""
                 : fmt::format("expected \"zene-host-v1\", got \"{}\"", protocol);
    }
    if (key == "provider_dialect") {
      if (auto fault = Text(v, into_.dialect); !fault.empty()) return fault;
      if (IsDialect(into_.dialect)) return {};
      return fmt::format("expected \"openai-chat\" or \"anthropic\", got \"{}\"", into_.dialect);
    }
    if (key == "modes") return Commands(v);
    if (key == "env") return Environment(v);
    if (key == "capabilities") return Capabilities(v);
    if (key == "tools") {
      if (!v.is_object()) return "expected an object";
      into_.tools = v.get_object();
      return {};
    }
    if (key == "about") return {};
    return "unknown key; known: name about protocol modes env provider_dialect capabilities tools";
  }

  static std::string Text(const value& v, std::string& into) {
    if (!v.is_string() || v.get_string().empty())
      return fmt::format("expected a string, got {}", ToJson(v));
    into = v.get_string();
    return {};
  }

  std::string Commands(const value& v) {
    if (!v.is_object()) return "expected an object of commands";
    for (const auto& [name, command] : v.get_object()) {
      if (!IsKnown(kCommandNames, name)) {
        return fmt::format("unknown mode \"{}\"; known: {}", std::string_view(name),
                           fmt::join(kCommandNames, " "));
      }
      if (!command.is_array() || command.get_array().empty()) {
        return fmt::format("\"{}\" must be a list of words, the program first",
                           std::string_view(name));
      }
      for (const auto& word : command.get_array()) {
        std::string text;
        if (auto fault = Text(word, text); !fault.empty())
          return fmt::format("\"{}\": {}", std::string_view(name), fault);
        into_.commands[name].push_back(text);
      }
    }
    return {};
  }

  std::string Environment(const value& v) {
    if (!v.is_object()) return "expected an object of variables";
    for (const auto& [name, setting] : v.get_object()) {
      if (!setting.is_string())
        return fmt::format("\"{}\" must be a string", std::string_view(name));
      into_.environment[name] = std::string(setting.get_string());
    }
    return {};
  }

  std::string Capabilities(const value& v) {
    if (!v.is_array()) return "expected a list";
    for (const auto& item : v.get_array()) {
      if (!item.is_string() || !IsKnown(kCapabilities, item.get_string())) {
        return fmt::format("unknown capability {}; known: {}", ToJson(item),
                           fmt::join(kCapabilities, " "));
      }
      into_.capabilities.emplace(item.get_string());
    }
    return {};
  }

  Profile& into_;
};

}  // namespace

const std::vector<std::string>* Profile::CommandFor(Mode mode) const {
  const char* name = mode == Mode::kStream    ? "stream"
                     : mode == Mode::kOneShot ? "oneshot"
                     : mode == Mode::kBridge  ? "bridge"
                                              : "";
  const auto found = commands.find(name);
  return found == commands.end() ? nullptr : &found->second;
}

std::vector<std::string> Profile::ProgramPrefix() const {
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge}) {
    if (const auto* command = CommandFor(mode)) {
      const auto host = std::find(command->begin(), command->end(), "host");
      if (host != command->end()) return {command->begin(), host};
    }
  }
  return {};
}

std::string Profile::CommandLine() const {
  for (const char* name : {"stream", "oneshot", "bridge"}) {
    if (auto found = commands.find(name); found != commands.end())
      return fmt::format("{}", fmt::join(found->second, " "));
  }
  return {};
}

tl::expected<Profile, std::string> LoadProfile(const std::filesystem::path& file,
                                               const std::filesystem::path& bin_dir) {
  const auto read = ReadJsonFile(file);
  if (!read) return tl::unexpected(read.error());
  if (!read->value.is_object()) return tl::unexpected(read->Fault({}, "expected a JSON object"));
  const auto dir = std::filesystem::absolute(file).parent_path();
  const Lookup lookup = [&](std::string_view name) -> std::optional<value> {
    if (name == "profile.dir") return value(boost::json::string(dir.string()));
    if (name == "bin.dir") return value(boost::json::string(bin_dir.string()));
    return std::nullopt;
  };
  Profile profile;
  profile.file = file;
  const value substituted = Substitute(read->value, lookup, false);
  auto fault = Reader(profile).Read(*read, substituted.get_object());
  if (!fault.empty()) return tl::unexpected(std::move(fault));
  return profile;
}

bool IsCapability(std::string_view name) { return IsKnown(kCapabilities, name); }

bool IsDialect(std::string_view name) { return name == "openai-chat" || name == "anthropic"; }

Profile ProfileForCommand(const std::vector<std::string>& command) {
  Profile profile;
  profile.name = std::filesystem::path(command.empty() ? "" : command.front()).filename().string();
  profile.environment = DefaultEnvironment();
  const auto with = [&](std::initializer_list<const char*> arguments) {
    auto words = command;
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  };
  profile.commands["stream"] = with({"host", "--protocol", "v1", "--single-request=false"});
  profile.commands["oneshot"] = with({"host", "--protocol", "v1"});
  profile.commands["bridge"] =
      with({"host", "--protocol", "v1", "--bridge-compat", "--single-request"});
  profile.commands["self_test"] = with({"self-test"});
  profile.commands["worker"] = with({"worker"});
  profile.commands["inspect"] = with({"inspect"});
  return profile;
}

void ReplaceProgram(Profile& profile, const std::string& program) {
  for (auto& [name, command] : profile.commands) command.front() = program;
}

}  // namespace touchstone
