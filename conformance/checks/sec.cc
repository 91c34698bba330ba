// SEC: what the file system shows of a host.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "conformance/checks/check.h"
#include "conformance/checks/scan.h"
#include "conformance/checks/scene.h"
#include "conformance/process/proc_stats.h"

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

// SEC-04 where the state directory lies below folders that do not exist: the host may refuse to
// start there. When it has made them, the state directory is its own as anywhere; of the folders
// above it nothing is promised.
Judgement BelowMissingFolders(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const auto dir = scene.talk().home() / "not" / "yet" / "there";
  scene.talk().SetEnv("ZENE_STATE_DIR", dir.string());
  HostProcess* host = scene.StartAnother();
  if (!host) return scene.Judge();
  host->AllowSilence();
  scene.talk().EndedByPlay(*host);
  scene.Send(*host, RunRequest("a", "s", "hi"));
  const Line* line =
      host->Await([](const Line& l) { return IsAnswerTo(l, "a"); }, scene.Deadline());
  if (!line) {
    const auto end = host->AwaitEnd(scene.Deadline());
    scene.Require(end && end->status == ExitStatus{false, 3}, "EXIT-04",
                  fmt::format("a host that cannot use its state directory exits 3, it {}",
                              end ? "ended with " + end->status.ToString() : "neither answers"));
  } else if (StatusOf(*line) == "OK") {
    scene.Require(PermissionsOf(dir) == 0700, "SEC-04",
                  fmt::format("a state directory below missing folders must be 0700, is {:04o}",
                              PermissionsOf(dir)));
  } else {
    scene.Require(
        CodeOf(*line) == "INTERNAL", "EXIT-04",
        fmt::format("a run without a state directory ends INTERNAL, got {}", line->bytes));
  }
  return scene.Judge();
}

// SEC-01: two keys that occur nowhere else, looked for in all that a host makes.
class KeyHunt {
 public:
  KeyHunt(Rig& rig, Mode mode, const std::string& level) : scene_(rig, mode), level_(level) {
    scene_.talk().SetEnv("ZENE_LOG_LEVEL", level);
    if (level == "trace") {  // once: retries of a fallback take their time
      scene_.talk().SetEnv("LLM_FALLBACK_PROVIDER", "openai");
      scene_.talk().SetEnv("LLM_FALLBACK_API_KEY", fallback_);
      scene_.talk().SetEnv("LLM_FALLBACK_BASE_URL", "http://127.0.0.1:${closed_port}/v1");
    }
    const auto body =
        fmt::format(R"("{{\"error\":{{\"message\":\"no such key: {0}\"}}}}")", rig.key);
    scene_.Rules(
        fmt::format(R"([{{"match":{{"text":"fine"}},"respond":{{"hold":"gate","text":"fine"}}}},
        {{"match":{{"text":"auth"}},"respond":{{"status":401,"body":{0}}}}},
        {{"match":{{"text":"bad"}},"respond":{{"status":400,"body":{0}}}}},
        {{"respond":{{"status":503,"headers":{{"retry-after":"3600"}},"body":{0}}}}}])",
                    body));
  }

  Judgement Play() {
    int number = 0;
    for (const char* prompt : {"fine", "auth", "bad", "down"}) {
      HostProcess* host = scene_.Host();
      if (!host) return scene_.Judge();
      hosts_.insert(host);
      const auto id = fmt::format("r{}", ++number);
      scene_.Send(*host, RunRequest(id, "s", prompt));
      if (number == 1 && !LookWhileBusy(*host)) return scene_.Judge();
      if (!scene_.Answer(*host, id, "LIFE-01")) return scene_.Judge();
    }
    const auto& commands = scene_.talk().rig().profile.commands;
    if (const auto self_test = commands.find("self_test"); self_test != commands.end()) {
      if (auto host = scene_.talk().Start("self-test", self_test->second, Mode::kNone))
        hosts_.insert(*host);
    }
    scene_.talk().Finish();
    for (HostProcess* host : hosts_) {
      Forbid(host->TextOf(Stream::kOut), host->name() + "'s stdout");
      Forbid(host->TextOf(Stream::kErr), host->name() + "'s stderr");
    }
    for (const auto& key : keys()) {
      const auto file = FileWith(scene_.talk().state_dir().parent_path(), key);
      scene_.Require(!file, "SEC-01",
                     fmt::format("at level {} a key is in the file {}", level_,
                                 file ? file->filename().string() : ""));
    }
    return scene_.Judge();
  }

 private:
  std::vector<std::string> keys() { return {scene_.talk().rig().key, fallback_}; }

  void Forbid(const std::string& text, const std::string& where) {
    for (const auto& key : keys()) {
      scene_.Require(text.find(key) == std::string::npos, "SEC-01",
                     fmt::format("at level {} a key is in {}", level_, where));
    }
  }

  // While a run is at the provider: command lines, and files that are there for a while only.
  bool LookWhileBusy(HostProcess& host) {
    if (!scene_.AwaitCalls(1, "LIFE-01")) return false;
    const pid_t pid = host.child().pid();
    Forbid(CommandLineOf(pid), "the host's command line");
    for (const auto& info : Descendants(pid))
      Forbid(CommandLineOf(info.pid), fmt::format("the command line of its child {}", info.name));
    for (const auto& key : keys())
      scene_.Require(!FileWith(scene_.talk().state_dir().parent_path(), key), "SEC-01",
                     fmt::format("at level {} a key is in a file during a run", level_));
    scene_.lane().Release("gate");
    return true;
  }

  Scene scene_;
  const std::string level_, fallback_ = "sk-fallback-4c1d9f2077aa4c1d9f2077aa";
  std::set<HostProcess*> hosts_;
};

Judgement KeyIsNowhere(Rig& rig, Mode mode) {
  for (const char* level : {"trace", "debug", "info", "warn", "error"}) {
    auto judgement = KeyHunt(rig, mode, level).Play();
    if (judgement.verdict != Verdict::kPass) return judgement;
  }
  return Judgement::Pass();
}

const CheckRegistration kKeys(
    {.name = "sec/keys-are-nowhere",
     .requirements = {"SEC-01", "PROV-13"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "Neither key is in output, files or command lines, at any level, even if quoted.",
     .play = KeyIsNowhere});
const CheckRegistration kBelow(
    {.name = "sec/below-missing-folders",
     .requirements = {"SEC-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A state directory that is made with the folders above it is 0700, too.",
     .play = BelowMissingFolders});
const CheckRegistration kModes(
    {.name = "sec/state-dir-modes",
     .requirements = {"SEC-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "The state directory is 0700 and its files 0600, while the host lives and after.",
     .play = StateDirModes});

}  // namespace
}  // namespace touchstone
