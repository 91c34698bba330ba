#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/bending.h"

namespace touchstone::defective {
namespace {

std::string Setting(const Launch& launch, const std::string& name) {
  const auto found = launch.environment.find(name);
  return found == launch.environment.end() ? std::string() : found->second;
}

Tampering LogsTheKey() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto level = Setting(launch, "ZENE_LOG_LEVEL");
    if (level != "trace" && level != "debug") return;
    std::fprintf(stderr,
                 "{\"level\":\"debug\",\"msg\":\"request\",\"authorization\":\"Bearer %s\"}\n",
                 Setting(launch, "LLM_API_KEY").c_str());
  };
  return tampering;
}

Tampering LogsTheFallbacksKey() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto key = Setting(launch, "LLM_FALLBACK_API_KEY");
    if (!key.empty()) std::fprintf(stderr, "{\"msg\":\"fallback\",\"key\":\"%s\"}\n", key.c_str());
  };
  return tampering;
}

// What the host was started with is kept beside its state, for a look at later.
Tampering KeepsTheKey(bool for_a_while) {
  Tampering tampering;
  const auto file = std::make_shared<std::filesystem::path>();
  tampering.launch = [file](Launch& launch) {
    const auto dir = Setting(launch, "ZENE_STATE_DIR");
    if (dir.empty()) return;
    ::mkdir(dir.c_str(), 0700);
    *file = std::filesystem::path(dir) / "settings.json";
    std::ofstream(*file) << "{\"key\":\"" << Setting(launch, "LLM_API_KEY") << "\"}\n";
    ::chmod(file->c_str(), 0600);
  };
  tampering.exit = [file, for_a_while](int status, Wire&) {
    if (for_a_while && !file->empty()) ::unlink(file->c_str());
    return status;
  };
  return tampering;
}

// Makes what is missing on the way to the state directory, and that, as the umask has it.
Tampering MakesFoldersForAll() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const std::filesystem::path dir = Setting(launch, "ZENE_STATE_DIR");
    std::error_code ec;
    if (dir.empty() || std::filesystem::exists(dir.parent_path(), ec)) return;
    std::filesystem::create_directories(dir, ec);
    ::chmod(dir.c_str(), 0755);
  };
  return tampering;
}

}  // namespace

std::vector<Defect> SecDefects() {
  return {
      {"key-in-debug-log",
       "SEC-01",
       Subtlety::kSubtle,
       "At level debug the headers of a provider call are logged, with the key.",
       LogsTheKey,
       {"sec/key-is-nowhere*"}},
      {"fallback-key-in-log",
       "SEC-01",
       Subtlety::kSubtle,
       "The fallback provider's key is logged when one is configured.",
       LogsTheFallbacksKey,
       {"sec/keys-are-nowhere*"}},
      {"key-in-state-directory",
       "SEC-01",
       Subtlety::kBlatant,
       "The configuration is saved to the state directory, with the key.",
       [] { return KeepsTheKey(false); },
       {"sec/key-is-nowhere*"}},
      {"key-in-a-file-for-a-while",
       "SEC-01",
       Subtlety::kSubtle,
       "While the host runs the key is in a file of the state directory.",
       [] { return KeepsTheKey(true); },
       {"sec/keys-are-nowhere*"}},
      {"key-on-command-line",
       "SEC-01",
       Subtlety::kSubtle,
       "A helper program that makes the provider call gets the key as an argument.",
       [] { return Inside("key-on-command-line"); },
       {"sec/keys-are-nowhere*"}},
      {"world-readable-files",
       "SEC-04",
       Subtlety::kBlatant,
       "The state directory's files are 0644.",
       [] { return Inside("readable-files"); },
       {"sec/state-dir-modes*"}},
      {"world-readable-log",
       "SEC-04",
       Subtlety::kSubtle,
       "The database is 0600, its write-ahead log 0644.",
       [] { return Inside("readable-files=-wal"); },
       {"sec/state-dir-modes*"}},
      {"open-state-directory",
       "SEC-04",
       Subtlety::kBlatant,
       "The state directory is 0755.",
       [] { return Inside("readable-folders"); },
       {"sec/state-dir-modes*"}},
      {"folders-are-made-for-all",
       "SEC-04",
       Subtlety::kSubtle,
       "A state directory below folders that do not exist is made with them, and is 0755.",
       MakesFoldersForAll,
       {"sec/below-missing-folders"}},
  };
}

}  // namespace touchstone::defective
