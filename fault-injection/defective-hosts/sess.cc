#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string Trimmed(std::string text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == text.npos ? text
                            : text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

// What a host that makes files of its sessions would call them.
std::string FileName(std::string id) {
  for (char& c : id) c = c == '/' || c == '\\' || c == '\0' ? '_' : c;
  return id;
}

// One buffer for the answers of all runs: who ends while another's answer lies in it reads that.
Tampering AnswersCross() {
  struct Last {
    std::string session;
    boost::json::value text;
    std::map<std::string, bool> waiting;  // open runs that saw another session's answer
  };
  auto last = std::make_shared<Last>();
  return Following({}, [last](Object& line, Wire&, Runs& runs) {
    if (!Of("final", "OK")(line)) return Fate::kPass;
    const auto session = Text(line, "session_id"), id = Text(line, "request_id");
    const bool crossed = last->waiting[id] && last->session != session;
    const auto own = std::exchange(last->text, line.at("text"));
    last->session = session;
    for (const auto& run : runs.open) last->waiting[run.id] = true;
    if (!crossed) return Fate::kPass;
    line["text"] = own;
    return Fate::kChanged;
  });
}

// -- files
// -----------------------------------------------------------------------------------------

// A lock file for each session, called as the session. The play's own folder is never left.
Tampering LockFiles(std::function<std::string(const Runs&, const std::string& session)> path) {
  return Following([path](Object& line, Wire&, Runs& runs) {
    if (!IsRun(line)) return Fate::kPass;
    const fs::path state = Beside(runs.launch, "");
    const auto folder = state.parent_path().string() + "/";
    const auto file = fs::path(path(runs, Text(line, "session_id"))).lexically_normal().string();
    if (file.find('\0') != file.npos || !file.starts_with(folder)) return Fate::kPass;
    std::ofstream(file) << "locked";
    return Fate::kPass;
  });
}

std::string StateDir(const Runs& runs) {
  auto path = Beside(runs.launch, "");
  path.pop_back();
  return path;
}

Tampering FileNamedAsTheSession() {
  return LockFiles([](const Runs& runs, const std::string& session) {
    return StateDir(runs) + "/sessions/" + session;
  });
}

Tampering TildeIsHome() {
  return LockFiles([](const Runs& runs, const std::string& session) {
    const auto home = runs.launch.environment.find("HOME");
    if (!session.starts_with("~/") || home == runs.launch.environment.end()) return std::string();
    return home->second + session.substr(1);
  });
}

// -- many processes
// --------------------------------------------------------------------------------

Tampering OwnStateDirectory(bool in_one_shots) {
  Tampering tampering;
  tampering.launch = [in_one_shots](Launch& launch) {
    if (launch.streams() == in_one_shots || !launch.Has("host")) return;
    launch.environment["ZENE_STATE_DIR"] = Beside(launch, std::to_string(::getpid()));
  };
  return tampering;
}

// The flat shape has a table of its own.
Tampering BridgeApart() {
  auto bridge = std::make_shared<bool>(false);
  auto tampering = SessionsAs(
      [bridge](const std::string& session) { return *bridge ? "bridge/" + session : session; });
  tampering.launch = [bridge](Launch& launch) { *bridge = launch.bridge(); };
  return tampering;
}

// A second process of the same session is told to come again.
Tampering BusyElsewhere() {
  return Following([](Object& line, Wire& wire, Runs& runs) {
    if (!IsRun(line) || runs.streams()) return Fate::kPass;
    // Kept open, and so locked, until this process ends.
    const auto path = Beside(runs.launch, "session-" + HashOf(Text(line, "session_id")));
    const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    return ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? Fate::kPass : Refuse(line, wire, runs, "BUSY");
  });
}

// A turn that is written over by another process: its run was in a session that nobody asks for.
Tampering LosingTurns(std::uint64_t n) {
  auto own = std::make_shared<std::map<std::string, std::string>>();
  return Following(
      [own, n](Object& line, Wire&, Runs&) {
        const auto id = Text(line, "request_id");
        if (!IsRun(line) || !OneOf(n, "turn of " + id)) return Fate::kPass;
        (*own)[id] = Text(line, "session_id");
        line["session_id"] = Text(line, "session_id") + " (lost)";
        return Fate::kChanged;
      },
      [own](Object& line, Wire&, Runs&) {
        const auto found = own->find(Text(line, "request_id"));
        if (found == own->end()) return Fate::kPass;
        line["session_id"] = found->second;
        return Fate::kChanged;
      });
}

// -- time to live
// ----------------------------------------------------------------------------------

// Lives of a session: a new one when `over` says so. Within one process.
struct Life {
  Clock::time_point begun = Clock::now(), used = begun;
  int number = 0;
};
using Lives = std::map<std::string, Life>;

Tampering TimeToLiveFromTheFirstRun() {
  auto lives = std::make_shared<Lives>();
  auto ttl = std::make_shared<int>(86400);
  auto tampering = SessionsAs([lives, ttl](std::string session) {
    auto& life = (*lives)[session];
    if (Clock::now() - life.begun > std::chrono::seconds(*ttl))
      life = {Clock::now(), Clock::now(), life.number + 1};
    return life.number == 0 ? session : session + " of life " + std::to_string(life.number);
  });
  tampering.launch = [ttl](Launch& launch) {
    if (const auto found = launch.environment.find("ZENE_SESSION_TTL_SEC");
        found != launch.environment.end()) {
      *ttl = std::atoi(found->second.c_str());
    }
  };
  return tampering;
}

Tampering EntriesGoWithTheSession() {
  auto lives = std::make_shared<Lives>();
  return Following([lives](Object& line, Wire&, Runs& runs) {
    if (!IsRun(line)) return Fate::kPass;
    auto& life = (*lives)[Text(line, "session_id")];
    const auto now = Clock::now();
    if (now - life.used > std::chrono::seconds(runs.Number("ZENE_SESSION_TTL_SEC", 86400)))
      ++life.number;
    life.used = now;
    if (life.number == 0) return Fate::kPass;
    line["idempotency_key"] =
        Text(line, "idempotency_key") + " of life " + std::to_string(life.number);
    return Fate::kChanged;
  });
}

}  // namespace

std::vector<Defect> SessDefects() {
  std::vector<Defect> defects{
      {"sessions-ignore-case",
       "SESS-02",
       Subtlety::kSubtle,
       "Session ids are kept in lower case.",
       [] { return SessionsAs(LowerCase); },
       {"sess/ids-that-look-alike/case"}},
      {"sessions-trimmed",
       "SESS-02",
       Subtlety::kSubtle,
       "White space around a session id is cut off.",
       [] { return SessionsAs(Trimmed); },
       {"sess/ids-that-look-alike/*-space"}},
      {"sessions-normalised",
       "SESS-02",
       Subtlety::kSubtle,
       "Session ids are brought to the composed Unicode form.",
       [] { return SessionsAs([](auto id) { return Replaced(id, "e\u0301", "é"); }); },
       {"sess/ids-that-look-alike/composed"}},
      {"sessions-case-folded",
       "SESS-02",
       Subtlety::kSubtle,
       "Session ids are case-folded as Unicode has it: ß is ss.",
       [] { return SessionsAs([](auto id) { return Replaced(id, "ß", "ss"); }); },
       {"sess/ids-that-look-alike/sharp-s"}},
      {"sessions-are-file-names",
       "SESS-02",
       Subtlety::kSubtle,
       "Slashes and NUL in a session id become underlines.",
       [] { return SessionsAs(FileName); },
       {"sess/ids-that-look-alike/slash"}},
      {"sessions-are-paths",
       "SESS-02",
       Subtlety::kSubtle,
       "A session id is normalised like a path.",
       [] {
         return SessionsAs(
             [](const std::string& id) { return fs::path(id).lexically_normal().string(); });
       },
       {"sess/ids-that-look-alike/slash-and-dot"}},
      {"sessions-end-at-nul",
       "SESS-02",
       Subtlety::kSubtle,
       "A session id ends at a NUL.",
       [] { return SessionsAs([](const std::string& id) { return std::string(id.c_str()); }); },
       {"sess/ids-that-look-alike/nul*"}},
      {"sessions-of-255-bytes",
       "SESS-02",
       Subtlety::kSubtle,
       "Only 255 bytes of a session id are kept.",
       [] { return SessionsAs([](const std::string& id) { return id.substr(0, 255); }); },
       {"sess/ids-that-look-alike/long*"}},
      {"sessions-percent-decoded",
       "SESS-02",
       Subtlety::kSubtle,
       "A session id is decoded as a part of a URL.",
       [] { return SessionsAs([](auto id) { return Replaced(id, "%2F", "/"); }); },
       {"sess/ids-that-look-alike/percent"}},
      {"answers-cross",
       "SESS-02",
       Subtlety::kSubtle,
       "A run that ends after another session's gets that one's text.",
       AnswersCross,
       {"sess/two-sessions-at-once"}},
      {"file-named-as-the-session",
       "SESS-03",
       Subtlety::kSubtle,
       "A session has a lock file that is named by its id, which may be a path.",
       FileNamedAsTheSession,
       {"sess/ids-make-no-paths"}},
      {"tilde-is-home",
       "SESS-03",
       Subtlety::kSubtle,
       "A session id that begins with ~/ makes a file in the home directory.",
       TildeIsHome,
       {"sess/ids-make-no-paths"}},
      {"one-shots-remember-nothing",
       "SESS-04",
       Subtlety::kBlatant,
       "A one-shot keeps its sessions in memory.",
       [] { return OwnStateDirectory(true); },
       {"sess/context-outlives-the-process"}},
      {"bridge-has-sessions-of-its-own",
       "SESS-04",
       Subtlety::kSubtle,
       "The bridge's one-shots do not see the turns of the other modes.",
       BridgeApart,
       {"sess/modes-share-the-state"}},
      {"session-order-last-first",
       "SESS-06",
       Subtlety::kSubtle,
       "Of a session's waiting runs the last starts first.",
       [] { return QueueingSessions(true, [](const Runs&) { return true; }); },
       {"sess/one-at-a-time-in-order"}},
      {"session-runs-two-at-once",
       "SESS-06",
       Subtlety::kBlatant,
       "Two runs of a session execute at the same time.",
       [] { return Environment("ZENE_SESSION_MAX_CONCURRENCY", "2"); },
       {"sess/one-at-a-time-in-order", "sess/second-process-waits"}},
      {"session-busy-elsewhere-is-busy",
       "SESS-06",
       Subtlety::kSubtle,
       "A second process of the same session is refused instead of waiting.",
       BusyElsewhere,
       {"sess/second-process-waits"}},
      {"session-ttl-ignored",
       "SESS-07",
       Subtlety::kBlatant,
       "ZENE_SESSION_TTL_SEC is not read.",
       [] { return Environment("ZENE_SESSION_TTL_SEC", std::nullopt); },
       {"sess/time-to-live"}},
      {"session-ttl-from-its-first-run",
       "SESS-07",
       Subtlety::kSubtle,
       "A session's time to live is counted from its first run, not from its last.",
       TimeToLiveFromTheFirstRun,
       {"sess/use-prolongs-its-life"}},
      {"entries-go-with-the-session",
       "SESS-07",
       Subtlety::kSubtle,
       "The clean-up of a session takes its idempotency entries along.",
       EntriesGoWithTheSession,
       {"sess/entries-outlive-the-session"}},
      {"streams-share-nothing",
       "SESS-10",
       Subtlety::kBlatant,
       "Two hosts on one state directory do not see each other's turns.",
       [] { return OwnStateDirectory(false); },
       {"sess/two-hosts-on-one-directory"}},
      {"turn-lost-to-another-process",
       "SESS-10",
       Subtlety::kRare,
       "One turn in 20 is written over by another process.",
       [] { return LosingTurns(20); },
       {"sess/many-processes", "sess/many-streams"}},
  };
  for (auto& defect : ContextDefects()) defects.push_back(std::move(defect));
  for (auto& defect : EnvelopeDefects()) defects.push_back(std::move(defect));
  return defects;
}

}  // namespace touchstone::defective
