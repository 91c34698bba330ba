#include "reference-host/tools/toolbox.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "reference-host/protocol/json_text.h"
#include "reference-host/store/work_dirs.h"
#include "reference-host/tools/files.h"

namespace refhost {
namespace {

constexpr size_t kMaxResultBytes = 64 * 1024;
constexpr size_t kNoteBytes = 256;  // of these, kept free for what the host adds

constexpr std::string_view kNames[] = {"run_command", "read_file", "write_file", "list_files"};

size_t LongestOf(const std::vector<std::string>& secrets) {
  size_t longest = 0;
  for (const auto& secret : secrets) longest = std::max(longest, secret.size());
  return longest;
}

// A string argument that the kernel can take as a path or a command.
std::optional<std::string> TextArgument(const nlohmann::json& arguments, const char* name) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

tl::unexpected<std::string> Missing(std::string_view tool, const char* name) {
  return tl::unexpected("error: " + std::string(tool) + " needs the string \"" + name + "\"");
}

std::string EndNote(const CommandResult& result, int64_t timeout_ms) {
  const std::string code = std::to_string(result.code);
  switch (result.end) {
    case CommandResult::End::kExited:
      if (result.code != 0) return "[exit status " + code + "]";
      return result.output.empty() ? "[exit status 0, no output]" : "";
    case CommandResult::End::kSignaled:
      return "[killed by signal " + code + "]";
    case CommandResult::End::kTimedOut:
      return "[killed: it took longer than " + std::to_string(timeout_ms) + " ms]";
    case CommandResult::End::kStopped:
      return "[killed: the run was stopped]";
    case CommandResult::End::kNotStarted:
      return std::string("error: the command cannot be started: ") + std::strerror(result.code);
  }
  return "";
}

ToolEnd EndOf(const CommandResult& result) {
  switch (result.end) {
    case CommandResult::End::kExited:
      return result.code == 0 ? ToolEnd::kOk : ToolEnd::kFailed;
    case CommandResult::End::kTimedOut:
      return ToolEnd::kTimedOut;
    case CommandResult::End::kStopped:
      return ToolEnd::kStopped;
    case CommandResult::End::kNotStarted:
      return result.code == ECANCELED ? ToolEnd::kStopped : ToolEnd::kFailed;
    case CommandResult::End::kSignaled:
      break;
  }
  return ToolEnd::kFailed;
}

}  // namespace

std::string_view Name(ToolEnd end) {
  static constexpr std::string_view kEnds[] = {"ok", "failed", "timeout", "refused", "stopped"};
  return kEnds[static_cast<int>(end)];
}

std::string_view CutAtCharacter(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  // A character is four bytes long at most; what looks longer is no UTF-8 and may be cut anywhere.
  for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; ++i) {
    --end;
  }
  const bool is_inside = (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80;
  return text.substr(0, is_inside ? max_bytes : end);
}

Toolbox::Toolbox(ToolSettings settings)
    : settings_(std::move(settings)),
      longest_secret_(LongestOf(settings_.secrets)),
      commands_(settings_.environment) {}

Toolbox::Activity::Activity(Toolbox& toolbox) : toolbox_(toolbox) {
  std::lock_guard lock(toolbox_.mutex_);
  ++toolbox_.active_;
}

Toolbox::Activity::~Activity() {
  std::lock_guard lock(toolbox_.mutex_);
  if (--toolbox_.active_ == 0) toolbox_.idle_.notify_all();
}

void Toolbox::StopAll(Milliseconds patience) {
  const TimePoint until = Now() + patience;
  commands_.StopAll(patience);
  std::unique_lock lock(mutex_);
  idle_.wait_until(lock, until, [this] { return active_ == 0; });
}

void Toolbox::EmptyTrash(TimePoint until) const { refhost::EmptyTrash(settings_.state_dir, until); }

const std::vector<ToolSpec>& Toolbox::Specs() {
  static const std::vector<ToolSpec> specs = {
      {kNames[0],
       "Runs a shell command in the session's work directory and returns its output. Everything it "
       "starts ends with it.",
       R"({"type":"object","properties":{"command":{"type":"string"}},"required":["command"]})"},
      {kNames[1], "Returns the content of a file in the work directory.",
       R"({"type":"object","properties":{"path":{"type":"string"}},"required":["path"]})"},
      {kNames[2], "Writes a file in the work directory, replacing what it held.",
       R"({"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},)"
       R"("required":["path","content"]})"},
      {kNames[3], "Lists a directory, by default the work directory itself.",
       R"({"type":"object","properties":{"path":{"type":"string"}}})"}};
  return specs;
}

bool Toolbox::HasEffects(ToolKind kind) {
  return kind == ToolKind::kRunCommand || kind == ToolKind::kWriteFile;
}

tl::expected<ToolInvocation, std::string> Toolbox::Parse(const ToolCall& call) const {
  const auto* name = std::find(std::begin(kNames), std::end(kNames), call.name);
  if (name == std::end(kNames)) {
    return tl::unexpected(
        std::string("error: there is no such tool; the tools are run_command, "
                    "read_file, write_file and list_files"));
  }
  ToolInvocation out;
  out.kind = static_cast<ToolKind>(name - kNames);
  const auto arguments = nlohmann::json::parse(call.arguments, nullptr, false);
  if (!arguments.is_object()) {
    return tl::unexpected(std::string("error: the arguments are not a JSON object"));
  }
  const bool is_command = out.kind == ToolKind::kRunCommand;
  const char* target_name = is_command ? "command" : "path";
  const auto target = TextArgument(arguments, target_name);
  if (target) out.target = *target;
  if (out.kind == ToolKind::kListFiles && !arguments.contains("path")) out.target = ".";
  if (IsBlank(out.target)) return Missing(*name, target_name);
  if (out.target.find('\0') != std::string::npos) {
    return tl::unexpected("error: the " + std::string(target_name) + " holds a NUL character");
  }
  if (out.kind == ToolKind::kWriteFile) {
    const auto content = TextArgument(arguments, "content");
    if (!content) return Missing(*name, "content");
    out.content = *content;
  }
  out.arguments = arguments.dump();  // keys are sorted
  return out;
}

ToolOutcome Toolbox::Run(const ToolInvocation& call, std::string_view session_id,
                         std::stop_token stop) {
  const auto dir_fd = OpenWorkDir(settings_.state_dir, session_id);
  if (!dir_fd) return {ToolEnd::kFailed, "error: the work directory cannot be used"};
  ToolOutcome outcome = call.kind == ToolKind::kRunCommand
                            ? RunCommand(call, *dir_fd, std::move(stop))
                            : RunFileTool(call, *dir_fd);
  close(*dir_fd);
  return outcome;
}

ToolOutcome Toolbox::RunCommand(const ToolInvocation& call, int dir_fd, std::stop_token stop) {
  const TimePoint until = Now() + Milliseconds(settings_.timeout_ms);
  // A little more than is shown, so that a secret at the edge is seen whole.
  CommandResult result =
      commands_.Run(call.target, dir_fd, until, kMaxResultBytes + longest_secret_, std::move(stop));
  const std::string note = EndNote(result, settings_.timeout_ms);
  return {EndOf(result), Presentable(std::move(result.output), result.output_cut, note)};
}

ToolOutcome Toolbox::RunFileTool(const ToolInvocation& call, int dir_fd) {
  const size_t max_bytes = kMaxResultBytes + longest_secret_;
  FileResult<FileText> text;
  if (call.kind == ToolKind::kWriteFile) {
    const auto written = WriteFileBeneath(dir_fd, call.target, call.content);
    if (written) {
      const std::string size = std::to_string(call.content.size());
      return {ToolEnd::kOk, Presentable("", false, "wrote " + size + " bytes")};
    }
    text = tl::unexpected(written.error());
  } else if (call.kind == ToolKind::kReadFile) {
    text = ReadFileBeneath(dir_fd, call.target, max_bytes);
  } else {
    text = ListFilesBeneath(dir_fd, call.target, max_bytes);
  }
  if (!text) return {ToolEnd::kFailed, Presentable("error: " + text.error(), false, "")};
  const std::string note = text->bytes.empty() ? "[empty]" : "";
  return {ToolEnd::kOk, Presentable(std::move(text->bytes), text->cut, note)};
}

std::string Toolbox::Redact(std::string text) const {
  for (const auto& secret : settings_.secrets) {
    if (secret.empty()) continue;
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

std::string Toolbox::Presentable(std::string bytes, bool cut, const std::string& note) const {
  bytes = Redact(std::move(bytes));
  const std::string_view shown = CutAtCharacter(bytes, kMaxResultBytes - kNoteBytes);
  cut = cut || shown.size() < bytes.size();
  std::string out = ReplaceBadUtf8(shown);
  const auto add = [&out](const std::string& line) {
    if (line.empty()) return;
    if (!out.empty() && out.back() != '\n') out += '\n';
    out += line;
  };
  if (cut) add("[there is more, which is not shown]");
  add(note);
  return out;
}

}  // namespace refhost
