// SEC: what the file system shows of a host.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "conformance/checks/check.h"
#include "conformance/checks/scene.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;

unsigned PermissionsOf(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0U;
}

// SEC-04: after a run, the state directory is 0700, its folders too, and its files are 0600.
Judgement StateDirModes(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  scene.Send(*host, RunRequest("a", "s", "hi"));
  if (!scene.Answer(*host, "a", "LIFE-01")) return scene.Judge();
  // While the host lives (its journal files are there then) and after it.
  for (const char* when : {"during", "after"}) {
    const auto dir = scene.talk().state_dir();
    scene.Require(PermissionsOf(dir) == 0700, "SEC-04",
                  fmt::format("{} the host's life the state directory must be 0700, is {:04o}",
                              when, PermissionsOf(dir)));
    std::error_code ec;
    int files = 0;
    for (fs::recursive_directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
      const bool folder = it->is_directory(ec);
      if (it->is_symlink(ec)) continue;
      const unsigned wanted = folder ? 0700 : 0600;
      files += !folder;
      scene.Require(PermissionsOf(it->path()) == wanted, "SEC-04",
                    fmt::format("{} the host's life {} must be {:04o}, is {:04o}", when,
                                it->path().lexically_relative(dir).string(), wanted,
                                PermissionsOf(it->path())));
    }
    scene.Require(files > 0, "SEC-04", "an OK run must leave something in the state directory");
    scene.talk().Finish();
  }
  return scene.Judge();
}

const CheckRegistration kModes(
    {.name = "sec/state-dir-modes",
     .requirements = {"SEC-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "The state directory is 0700 and its files 0600, while the host lives and after.",
     .play = StateDirModes});

}  // namespace
}  // namespace touchstone
