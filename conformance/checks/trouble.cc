#include "conformance/checks/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "conformance/checks/ask.h"
#include "conformance/observe/framing.h"

namespace touchstone {

namespace fs = std::filesystem;

HostInTrouble::HostInTrouble(Rig& rig, Mode mode) : scene_(rig, mode) {
  scene_.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "100");
}

HostProcess* HostInTrouble::Start(const std::vector<std::string>& prefix) {
  auto argv = prefix;
  const auto& command = *scene_.talk().rig().profile.CommandFor(scene_.mode());
  argv.insert(argv.end(), command.begin(), command.end());
  auto host = scene_.talk().Start("another", argv, scene_.mode());
  if (!scene_.Require(host.has_value(), "LIFE-01", host ? "" : host.error())) return nullptr;
  (*host)->AllowSilence();
  scene_.talk().EndedByPlay(**host);
  return *host;
}

const Line* HostInTrouble::AnswerOf(HostProcess& host, std::string_view id,
                                    const std::string& when) {
  const Line* line =
      host.Await([&](const Line& l) { return IsAnswerTo(l, id); }, scene_.Deadline());
  if (line) return line;
  const auto end = host.AwaitEnd(scene_.Deadline());
  if (!scene_.Require(end.has_value(), "CRASH-04",
                      fmt::format("{}: the host neither answers \"{}\" nor exits", when, id))) {
    return nullptr;
  }
  const bool loud = !end->status.signalled && (end->status.value == 3 || end->status.value == 4);
  const auto said = host.TextOf(Stream::kErr);
  scene_.Require(loud && !said.empty(), "CRASH-04",
                 fmt::format("{}: the host must answer, or exit 3 or 4 with a message on stderr; "
                             "it ended with {} and said \"{}\"",
                             when, end->status.ToString(), Excerpt(said, 200)));
  return nullptr;
}

const Line* HostInTrouble::Ask(HostProcess& host, const boost::json::object& request,
                               const std::string& when) {
  scene_.Send(host, request);
  return AnswerOf(host, request.at("request_id").as_string(), when);
}

bool HostInTrouble::IsOk(const Line& line, const std::string& when) {
  if (StatusOf(line) == "OK") return true;
  scene_.Require(CodeOf(line) == "INTERNAL", "CRASH-04",
                 fmt::format("{}: a host in trouble answers INTERNAL, got {}", when, line.bytes));
  return false;
}

void HostInTrouble::JudgeReplay(const Line& line, const std::string& text,
                                const std::string& when) {
  if (!IsOk(line, when)) return;
  scene_.Require(IsReplay(line) && TextOf(line) == text, "CRASH-04",
                 fmt::format("{}: what was answered OK with \"{}\" must be replayed or refused "
                             "loudly, got {}",
                             when, text, line.bytes));
}

void HostInTrouble::End(HostProcess& host, bool answered) {
  host.CloseStdin();
  if (const auto end = host.AwaitEnd(scene_.Deadline())) {
    scene_.Require(!end->status.signalled, "CRASH-04",
                   fmt::format("the host died of {}", end->status.ToString()));
    scene_.Require(!answered || end->status.value == 0, "EXIT-04",
                   fmt::format("a host that has answered a run exits 0, it ended with {}",
                               end->status.ToString()));
  }
  scene_.talk().Retire(host);
}

std::vector<fs::path> FilesOf(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code ec;
  for (const auto& entry : fs::recursive_directory_iterator(dir, ec)) {
    const auto name = entry.path().filename().string();
    const bool exempt = name.ends_with("-wal") || name.ends_with(".wal") || name.ends_with("-shm");
    if (entry.is_regular_file(ec) && !exempt) files.push_back(fs::relative(entry.path(), dir, ec));
  }
  return files;
}

void Spoil(const fs::path& file, std::string_view how) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  if (how == "emptied") fs::resize_file(file, 0, ec);
  if (how == "halved") fs::resize_file(file, size / 2, ec);
  if (how == "overwritten") {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    for (std::uintmax_t i = 0; i < std::max<std::uintmax_t>(size, 64); ++i)
      stream.put(static_cast<char>(i * 131 + 7));
  }
}

}  // namespace touchstone
