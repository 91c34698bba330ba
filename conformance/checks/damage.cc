// CRASH-04: damaged files, a disk that takes no more, a state directory that cannot be written. A
// host may fail loudly: INTERNAL, or exit 3 or 4 with a message. It may not crash, and what it
// answered OK may not be lost in silence: that is replayed, or refused loudly.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/trouble.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;
using boost::json::object;

// What the host has answered OK, by idempotency key.
struct Promise {
  std::string session, prompt, text;
};
using Promises = std::map<std::string, Promise>;

class Trouble {
 public:
  Trouble(Rig& rig, Mode mode) : scene_(rig, mode) {
    scene_.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "100");
    scene_.lane().SetRules({AnswerTo("first", "first answer"), AnswerTo("second", "second answer"),
                            AnswerAll("later")});
  }

  Scene& scene() { return scene_; }
  const fs::path& dir() { return scene_.talk().state_dir(); }

  // The state directory of a host that answered two runs and ended.
  bool Prepare(bool killed) {
    for (const std::string word : {"first", "second"}) {
      const auto line = Ask(scene_, RunUnderKey(word, "s", word, "k-" + word), "LIFE-01");
      if (!line || !scene_.Require(StatusOf(*line) == "OK", "LIFE-01",
                                   fmt::format("a run must end OK, got {}", line->bytes))) {
        return false;
      }
      promises_["k-" + word] = {"s", word, TextOf(*line)};
      order_.push_back("k-" + word);
    }
    if (scene_.mode() == Mode::kStream) {
      HostProcess& host = *scene_.Host();
      if (killed) {
        scene_.talk().EndedByPlay(host);
        host.Signal(SIGKILL);
      }
      scene_.talk().Retire(host);
    }
    return true;
  }

  // Starts hosts, behind the words of `prefix`, and sends the requests; what was answered OK is a
  // promise from then on. Every other answer must be loud. True when all were answered OK.
  bool Live(const std::string& what, const std::vector<object>& requests,
            const std::vector<std::string>& prefix = {}) {
    std::vector<std::string> argv = prefix;
    const auto& command = *scene_.talk().rig().profile.CommandFor(scene_.mode());
    argv.insert(argv.end(), command.begin(), command.end());
    HostProcess* host = nullptr;
    bool all_ok = true;
    for (const auto& request : requests) {
      if (!host || scene_.mode() != Mode::kStream) {
        if (host) End(*host, what);
        host = Start(argv);
        if (!host) return false;
      }
      scene_.Send(*host, request);
      all_ok &= AnswerIsOk(*host, what, request);
    }
    if (host) End(*host, what);
    return all_ok;
  }

  // Every promise is kept, or the host is loud about it.
  void Audit(const std::string& what) {
    std::vector<object> requests;
    for (const auto& [key, promise] : promises_)
      requests.push_back(
          RunUnderKey(fmt::format("{} again {}", what, key), promise.session, "again", key));
    // The context is the sum of the turns. When something was refused the loss was told.
    if (Live(what, requests)) {
      for (const char* session : {"s", "t"}) JudgeContext(what, session);
    }
  }

  object Fresh(const std::string& session, int number) {
    const auto name = fmt::format("{} {}", session, number);
    return RunUnderKey(name, session, name + std::string(3000, '.'), "k-" + name);
  }

 private:
  HostProcess* Start(const std::vector<std::string>& argv) {
    auto host = scene_.talk().Start("another", argv, scene_.mode());
    if (!host) {
      scene_.Require(false, "CRASH-04", host.error());
      return nullptr;
    }
    // It may end by a status of its own, without an answer.
    (*host)->AllowSilence();
    scene_.talk().EndedByPlay(**host);
    return *host;
  }

  // Nothing but a status; 3 and 4 with a message.
  void End(HostProcess& host, const std::string& what) {
    host.CloseStdin();
    if (const auto end = host.AwaitEnd(scene_.Deadline())) {
      scene_.Require(!end->status.signalled, "CRASH-04",
                     fmt::format("{}: the host died of {}", what, end->status.ToString()));
    }
    scene_.talk().Retire(host);
  }

  bool AnswerIsOk(HostProcess& host, const std::string& what, const object& request) {
    const std::string id(request.at("request_id").as_string());
    const Line* line =
        host.Await([&](const Line& l) { return IsAnswerTo(l, id) || IsAnswerTo(l, "unknown"); },
                   scene_.Deadline());
    if (!line) {
      JudgeExit(host, what);
      return false;
    }
    if (StatusOf(*line) != "OK") {
      scene_.Require(
          CodeOf(*line) == "INTERNAL", "CRASH-04",
          fmt::format("{}: a host in trouble answers INTERNAL, got {}", what, line->bytes));
      return false;
    }
    const std::string key(request.at("idempotency_key").as_string());
    const auto found = promises_.find(key);
    if (found == promises_.end()) {
      promises_[key] = {std::string(request.at("session_id").as_string()),
                        std::string(request.at("prompt").as_string()), TextOf(*line)};
      order_.push_back(key);
      return true;
    }
    return scene_.Require(
        IsReplay(*line) && TextOf(*line) == found->second.text, "CRASH-04",
        fmt::format("{}: what was answered OK with \"{}\" must be replayed or refused loudly; it "
                    "was lost in silence: {}",
                    what, found->second.text, line->bytes));
  }

  void JudgeExit(HostProcess& host, const std::string& what) {
    const auto end = host.AwaitEnd(scene_.Deadline());
    if (!scene_.Require(end.has_value(), "CRASH-04",
                        fmt::format("{}: the host neither answers nor exits", what))) {
      return;
    }
    const bool loud = !end->status.signalled && (end->status.value == 3 || end->status.value == 4);
    scene_.Require(
        loud && !host.TextOf(Stream::kErr).empty(), "CRASH-04",
        fmt::format("{}: without an answer the host must exit 3 or 4 with a message on "
                    "stderr, it ended with {} and said \"{}\"",
                    what, end->status.ToString(), Excerpt(host.TextOf(Stream::kErr), 200)));
  }

  void JudgeContext(const std::string& what, const std::string& session) {
    boost::json::array turns;
    for (const auto& key : order_) {
      if (promises_[key].session == session)
        AddTurn(turns, promises_[key].prompt, promises_[key].text);
    }
    const auto prompt = fmt::format("{} and then in {}", what, session);
    // Not a promise to be kept: the directory is thrown away, or its turns are known.
    const auto line = AskOnce(RunUnderKey(prompt, session, prompt, "k-" + prompt), what);
    if (!line || StatusOf(*line) != "OK") return;
    const auto journal = scene_.lane().Journal();
    for (const auto* call : CallsFor(journal, prompt)) {
      scene_.Require(HistoryOf(*call) == turns, "CRASH-04",
                     fmt::format("{}: turns were lost in silence: the provider was shown {} "
                                 "messages of session {}, {} were answered OK",
                                 what, HistoryOf(*call).size(), session, turns.size()));
    }
  }

  std::optional<Line> AskOnce(const object& request, const std::string& what) {
    HostProcess* host = Start(*scene_.talk().rig().profile.CommandFor(scene_.mode()));
    if (!host) return std::nullopt;
    scene_.Send(*host, request);
    const std::string id(request.at("request_id").as_string());
    const Line* line =
        host->Await([&](const Line& l) { return IsAnswerTo(l, id); }, scene_.Deadline());
    std::optional<Line> copy;
    if (line)
      copy = *line;
    else
      JudgeExit(*host, what);
    End(*host, what);
    return copy;
  }

  Scene scene_;
  Promises promises_;
  std::vector<std::string> order_;  // of the keys
};

// -- damaged files -------------------------------------------------------------------------------

Judgement DamagedFiles(Rig& rig, Mode mode) {
  for (const bool killed : {false, true}) {
    if (killed && mode != Mode::kStream) break;
    Trouble trouble(rig, mode);
    if (!trouble.Prepare(killed)) return trouble.scene().Judge();
    const auto kept = trouble.scene().talk().home() / "kept";
    fs::copy(trouble.dir(), kept, fs::copy_options::recursive);
    for (const auto& file : FilesOf(kept)) {
      for (const char* how : kDamages) {
        fs::remove_all(trouble.dir());
        fs::copy(kept, trouble.dir(), fs::copy_options::recursive);
        Spoil(trouble.dir() / file, how);
        trouble.Audit(fmt::format("{} {}", file.string(), how));
      }
    }
    auto judgement = trouble.scene().Judge();
    if (judgement.verdict != Verdict::kPass) return judgement;
  }
  return Judgement::Pass();
}

// Overwritten while a host lives that has the files open. Emptied and halved ones are played
// between two starts only: they kill whoever maps a file into memory.
Judgement DamagedUnderAHost(Rig& rig, Mode mode) {
  for (int nth = 0;; ++nth) {
    HostInTrouble trouble(rig, mode);
    Scene& scene = trouble.scene();
    scene.lane().SetRules({AnswerTo("kept", "kept answer"), AnswerAll("late answer")});
    HostProcess* host = trouble.Start();
    if (!host) return scene.Judge();
    const auto kept = RunUnderKey("a", "s", "kept", "k-kept");
    const Line* line = trouble.Ask(*host, kept, "at first");
    const bool ok = line && trouble.IsOk(*line, "at first");
    if (!scene.Require(ok, "LIFE-01", "a run must end OK")) return scene.Judge();
    const auto files = FilesOf(scene.talk().state_dir());
    if (nth == static_cast<int>(files.size())) return scene.Judge();
    const auto& file = files[static_cast<std::size_t>(nth)];
    Spoil(scene.talk().state_dir() / file, "overwritten");

    bool late_ok = false;
    for (const char* when : {"overwritten under the host", "and then at its next start"}) {
      const auto what = file.string() + " " + when;
      const Line* replay = trouble.Ask(*host, kept, what);
      if (replay) trouble.JudgeReplay(*replay, "kept answer", what);
      const Line* late =
          replay ? trouble.Ask(*host, RunUnderKey("b", "t", "late", "k-late"), what) : nullptr;
      if (late && late_ok) trouble.JudgeReplay(*late, "late answer", what);
      late_ok = late && trouble.IsOk(*late, what);
      trouble.End(*host);
      host = scene.sound() ? trouble.Start() : nullptr;
      if (!host) return scene.Judge();
    }
    trouble.End(*host);
    auto judgement = scene.Judge();
    if (judgement.verdict != Verdict::kPass) return judgement;
  }
}

// -- another database ----------------------------------------------------------------------------

// What another program's first start leaves: one page, no tables, and nothing wrong with it
// (https://sqlite.org/fileformat2.html).
std::string EmptyDatabase() {
  std::string page(512, '\0');
  page.replace(0, 15, "SQLite format 3");
  page[16] = 2;  // bytes of a page: 512
  page[18] = page[19] = 1;
  page[21] = 64;
  page[22] = page[23] = 32;
  page[27] = page[31] = page[95] = 1;  // changes, pages, and the change that said so
  page[59] = 1;                        // UTF-8
  page[100] = 13;                      // a table's leaf, without cells
  page[105] = 2;
  return page;
}

// Overwritten by what a host that makes missing tables would take for its own.
Judgement AnotherDatabase(Rig& rig, Mode mode) {
  Trouble trouble(rig, mode);
  if (!trouble.Prepare(false)) return trouble.scene().Judge();
  int databases = 0;
  for (const auto& file : FilesOf(trouble.dir())) {
    std::string start(15, '\0');
    std::ifstream(trouble.dir() / file, std::ios::binary).read(start.data(), 15);
    if (start != "SQLite format 3") continue;
    ++databases;
    std::ofstream(trouble.dir() / file, std::ios::binary | std::ios::trunc) << EmptyDatabase();
  }
  if (databases == 0) return Judgement::Skip("the host keeps no SQLite database");
  trouble.Audit("another database");
  return trouble.scene().Judge();
}

// -- a disk that takes no more -------------------------------------------------------------------

// Every file may grow to a few blocks only; a write beyond fails (EFBIG). A full disk by other
// means needs the right to mount.
Judgement FullDisk(Rig& rig, Mode mode) {
  for (const int blocks : {0, 1, 16, 64, 160, 320, 640}) {
    Trouble trouble(rig, mode);
    const auto what = fmt::format("files of at most {} bytes", blocks * 512);
    std::vector<object> requests;
    for (int i = 0; i < 16; ++i) requests.push_back(trouble.Fresh("t", i));
    trouble.Live(
        what, requests,
        {"/bin/sh", "-c", fmt::format("trap '' XFSZ; ulimit -f {}; exec \"$@\"", blocks), "sh"});
    trouble.Audit(what + ", then free again");
    auto judgement = trouble.scene().Judge();
    if (judgement.verdict != Verdict::kPass) return judgement;
  }
  return Judgement::Pass();
}

// -- a directory that cannot be written ----------------------------------------------------------

void Permit(const fs::path& dir, fs::perms for_folders, fs::perms for_files) {
  std::error_code ec;
  std::vector<fs::path> folders{dir};
  for (const auto& entry : fs::recursive_directory_iterator(dir, ec)) {
    if (entry.is_directory(ec))
      folders.push_back(entry.path());
    else
      fs::permissions(entry.path(), for_files, ec);
  }
  for (const auto& folder : folders) fs::permissions(folder, for_folders, ec);
}

Judgement ReadOnly(Rig& rig, Mode mode) {
  using fs::perms;
  Trouble trouble(rig, mode);
  if (!trouble.Prepare(false)) return trouble.scene().Judge();
  Permit(trouble.dir(), perms::owner_read | perms::owner_exec, perms::owner_read);
  // Permissions bind root only without the capability to override them.
  std::vector<std::string> prefix;
  if (::geteuid() == 0) prefix = {"setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"};
  std::vector<object> requests{RunUnderKey("again", "s", "again", "k-first")};
  for (int i = 0; i < 3; ++i) requests.push_back(trouble.Fresh("t", i));
  trouble.Live("a read-only state directory", requests, prefix);
  Permit(trouble.dir(), perms::owner_all, perms::owner_read | perms::owner_write);
  trouble.Audit("writable again");
  return trouble.scene().Judge();
}

const CheckRegistration kDamaged(
    {.name = "crash/damaged-files",
     .requirements = {"CRASH-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "Each file emptied, halved, overwritten: what was OK is replayed or refused loudly.",
     .play = DamagedFiles});
const CheckRegistration kUnderAHost(
    {.name = "crash/damaged-under-a-host",
     .requirements = {"CRASH-04"},
     .modes = {Mode::kStream},
     .about = "Each file overwritten while a host lives: INTERNAL or exit 3 or 4, no OK is lost.",
     .play = DamagedUnderAHost});
const CheckRegistration kAnother(
    {.name = "crash/another-database",
     .requirements = {"CRASH-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A database overwritten by an empty one: what was OK is replayed or refused loudly.",
     .play = AnotherDatabase});
const CheckRegistration kFull(
    {.name = "crash/full-disk",
     .requirements = {"CRASH-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "Writes that fail: INTERNAL or exit 3 or 4, and every OK is kept.",
     .play = FullDisk});
const CheckRegistration kReadOnly(
    {.name = "crash/read-only-directory",
     .requirements = {"CRASH-04"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A directory that cannot be written: INTERNAL or exit 3 or 4, and every OK is kept.",
     .play = ReadOnly});

}  // namespace
}  // namespace touchstone
