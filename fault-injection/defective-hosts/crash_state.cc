// A state directory that gets into trouble while a host lives, or that was swapped for another.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

namespace fs = std::filesystem;

// A session_close that could not be saved is acknowledged.
Tampering AcknowledgingAFailedClose() {
  const auto closes = std::make_shared<std::set<std::string>>();
  return Following(
      [closes](Object& line, Wire&, Runs&) {
        if (Text(line, "type") == "session_close") closes->insert(Text(line, "request_id"));
        return Fate::kPass;
      },
      [closes](Object& line, Wire& wire, Runs&) {
        if (CodeOf(line) != "INTERNAL" || !closes->contains(Text(line, "request_id")))
          return Fate::kPass;
        wire.ToCaller(Ack(line, "SESSION_CLOSED"));
        return Fate::kTaken;
      });
}

bool DiskIsFull(const std::string& probe) {
  std::ofstream stream(probe, std::ios::binary | std::ios::trunc);
  stream << "x" << std::flush;
  const bool full = !stream;
  ::unlink(probe.c_str());
  return full;
}

// A tool call is known by the record of its end: when that could not be written, the retry makes
// the call again. A mark of each pair is taken away then, which a full disk allows.
Tampering RunningUnrecordedToolsAgain() {
  const auto mark = [](const Runs& runs, const std::string& pair, const char* kind) {
    return Beside(runs.launch, std::string(kind) + "-" + HashOf(pair));
  };
  return Following(
      [mark](Object& line, Wire&, Runs& runs) {
        if (!IsRun(line)) return Fate::kPass;
        const auto pair = PairOf(line), begun = mark(runs, pair, "begun"),
                   known = mark(runs, pair, "known");
        if (Contents(begun) && !Contents(known)) {
          line["idempotency_key"] = Text(line, "idempotency_key") + " again";
          return Fate::kChanged;
        }
        Keep(begun, "");
        Keep(known, "");
        return Fate::kPass;
      },
      [mark](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (run && IsTerminal(line) && DiskIsFull(Beside(runs.launch, "probe")))
          ::unlink(mark(runs, PairOf(run->request), "known").c_str());
        return Fate::kPass;
      });
}

// Tables that are not there are made: any database will do, an empty one too.
Tampering TakingAnyDatabase() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto dir = launch.environment["ZENE_STATE_DIR"];
    std::error_code ec;
    if (dir.empty()) return;
    bool is_empty = false;
    for (const auto& entry : fs::directory_iterator(dir, ec)) {
      constexpr std::size_t kOnePage = 4096;
      if (!entry.is_regular_file(ec)) continue;
      const auto bytes = Contents(entry.path()).value_or("");
      is_empty |= bytes.starts_with("SQLite format 3") && bytes.size() <= kOnePage;
    }
    if (!is_empty) return;
    for (const auto& entry : fs::directory_iterator(dir, ec)) fs::remove_all(entry.path(), ec);
  };
  return tampering;
}

// An answer that was stored and cannot be read any more takes the stream along.
Tampering AbortingOverALostAnswer() {
  const auto answered = std::make_shared<std::set<std::string>>();
  return Following({}, [answered](Object& line, Wire& wire, Runs& runs) {
    const Run* run = runs.Find(Text(line, "request_id"));
    if (!run || !runs.streams()) return Fate::kPass;
    if (Of("final", "OK")(line)) answered->insert(run->pair());
    if (CodeOf(line) != "INTERNAL" || !answered->contains(run->pair())) return Fate::kPass;
    wire.KillHost(SIGABRT);
    return Fate::kTaken;
  });
}

}  // namespace

std::vector<Defect> StateDefects() {
  return {
      {"failed-close-is-acknowledged",
       "CTRL-09",
       Subtlety::kSubtle,
       "A session_close that could not be saved is acknowledged, and the session is kept.",
       AcknowledgingAFailedClose,
       {"crash/disk-fills-up-under-a-host"}},
      {"unrecorded-tool-runs-again",
       "IDEM-10",
       Subtlety::kSubtle,
       "A tool call whose end could not be recorded, as the disk was full, is made again.",
       RunningUnrecordedToolsAgain,
       {"crash/disk-fills-up-under-a-tool"}},
      {"any-database-will-do",
       "CRASH-04",
       Subtlety::kSubtle,
       "A state database that was replaced by an empty one is filled anew, without a word.",
       TakingAnyDatabase,
       {"crash/another-database"}},
      {"lost-answer-aborts",
       "CRASH-04",
       Subtlety::kSubtle,
       "A stream aborts when an answer that it has stored can no longer be read.",
       AbortingOverALostAnswer,
       {"crash/damaged-under-a-host"}},
  };
}

}  // namespace touchstone::defective
