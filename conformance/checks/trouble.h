// CRASH-04: a host whose state directory is in trouble. It answers INTERNAL, or exits 3 or 4 with a
// message; it neither crashes nor falls silent. And the trouble that files can be in.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/checks/scene.h"

namespace touchstone {

class HostInTrouble {
 public:
  HostInTrouble(Rig& rig, Mode mode);

  Scene& scene() { return scene_; }

  // Starts the host of the scene's mode, behind the words of `prefix`. It may end by a status of
  // its own. Nullptr: it cannot be started, and that is noted.
  HostProcess* Start(const std::vector<std::string>& prefix = {});

  // The answer; nullptr when the host exits instead, as it may: 3 or 4, with a message.
  const Line* AnswerOf(HostProcess& host, std::string_view id, const std::string& when);
  const Line* Ask(HostProcess& host, const boost::json::object& request, const std::string& when);

  // Whether a run's answer is OK; all else must be INTERNAL.
  bool IsOk(const Line& line, const std::string& when);
  // What was answered OK with `text` is replayed, or else the answer is INTERNAL.
  void JudgeReplay(const Line& line, const std::string& text, const std::string& when);

  // Closes stdin and waits: no signal ends it. A one-shot that has answered its run exits 0.
  void End(HostProcess& host, bool answered = false);

 private:
  Scene scene_;
};

// The files of the directory, relative to it. The content of a write-ahead log is exempt, and with
// it that of its index.
std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& dir);

// "emptied", "halved", "overwritten": all that can be done to a file.
inline constexpr const char* kDamages[] = {"emptied", "halved", "overwritten"};
void Spoil(const std::filesystem::path& file, std::string_view how);

}  // namespace touchstone
