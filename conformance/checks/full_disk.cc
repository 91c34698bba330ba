// CRASH-04 and EXIT-04 under a running host: the disk is full from one moment on, between two runs
// or while a tool is at work. The host says INTERNAL, or exits 3 or 4 with a message; what it
// answered OK is kept, and what a tool has done is not done again for want of a record.
//
// Full means that no file may be written to any more (EFBIG): the limit of the host's processes is
// set from outside. A full disk by other means needs the right to mount.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/tools.h"
#include "conformance/checks/trouble.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"
#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::string Contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A write beyond the limit is an error then, not a signal.
const std::vector<std::string> kNoSignal{"/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"};

void Limit(pid_t pid, bool full) {
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_FSIZE, nullptr, &limit) != 0) return;  // it has ended
  limit.rlim_cur = full ? 0 : limit.rlim_max;
  ::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr);
}

// For the host and all that it has started.
void SetDisk(HostProcess& host, bool full) {
  const pid_t pid = host.child().pid();
  Limit(pid, full);
  for (const auto& process : Descendants(pid)) Limit(process.pid, full);
}

// -- between two runs ----------------------------------------------------------------------------

// A stream answers a run, then the disk is full for a replay, a new run and a session_close, then
// it is free again. A host that was started anew is asked what is left of it.
class FillsUp {
 public:
  FillsUp(Rig& rig, Mode mode) : trouble_(rig, mode), scene_(trouble_.scene()) {
    scene_.lane().SetRules({AnswerTo("kept", "kept answer"), AnswerTo("late", "late answer"),
                            AnswerAll("other answer")});
  }

  Judgement Play() {
    HostProcess* host = trouble_.Start(kNoSignal);
    if (!host) return scene_.Judge();
    if (const Line* line =
            trouble_.Ask(*host, RunUnderKey("a", "s", "kept", "k-kept"), "at first")) {
      if (!scene_.Require(StatusOf(*line) == "OK", "LIFE-01", "a run must end OK: " + line->bytes))
        return scene_.Judge();
    }
    SetDisk(*host, true);
    const bool lives = WhileFull(*host);
    SetDisk(*host, false);
    if (lives && scene_.sound()) {
      const std::string when = "when the disk is free again";
      if (const Line* line = trouble_.Ask(*host, RunUnderKey("d", "u", "free", "k-free"), when))
        trouble_.IsOk(*line, when);
    }
    trouble_.End(*host);
    if (scene_.sound()) Audit();
    return scene_.Judge();
  }

 private:
  // False: the host has exited.
  bool WhileFull(HostProcess& host) {
    const std::string when = "on a full disk";
    const Line* replay = trouble_.Ask(host, RunUnderKey("b", "s", "kept", "k-kept"), when);
    if (!replay) return false;
    trouble_.JudgeReplay(*replay, "kept answer", when);
    const Line* late = trouble_.Ask(host, RunUnderKey("c", "t", "late", "k-late"), when);
    if (!late) return false;
    late_ok_ = trouble_.IsOk(*late, when);
    const Line* closed = trouble_.Ask(host,
                                      {{"protocol_version", 1},
                                       {"type", "session_close"},
                                       {"request_id", "close"},
                                       {"session_id", "s"}},
                                      when);
    if (!closed) return false;
    closed_ = StatusOf(*closed) == "SESSION_CLOSED";
    scene_.Require(
        closed_ || CodeOf(*closed) == "INTERNAL", "CRASH-04",
        fmt::format("{} session_close is done or INTERNAL, got {}", when, closed->bytes));
    return true;
  }

  // On a directory in order: every OK is kept, and a session that was closed is forgotten.
  void Audit() {
    HostProcess* host = trouble_.Start(kNoSignal);
    if (!host) return;
    const std::string when = "after a full disk";
    const Line* kept = trouble_.Ask(*host, RunUnderKey("e", "s", "kept", "k-kept"), when);
    if (kept) trouble_.JudgeReplay(*kept, "kept answer", when);
    if (late_ok_) {
      const Line* late = trouble_.Ask(*host, RunUnderKey("f", "t", "late", "k-late"), when);
      if (late) trouble_.JudgeReplay(*late, "late answer", when);
    }
    const Line* line = trouble_.Ask(*host, RunUnderKey("g", "s", "and then?", "k-then"), when);
    if (line && StatusOf(*line) == "OK") {
      boost::json::array whole;
      AddTurn(whole, "kept", "kept answer");
      const auto journal = scene_.lane().Journal();
      for (const auto* call : CallsFor(journal, "and then?")) {
        const auto shown = HistoryOf(*call);
        // A close that failed may have forgotten the session or not; one that was told has.
        scene_.Require(shown.empty() || (!closed_ && shown == whole),
                       closed_ ? "CTRL-09" : "CRASH-04",
                       fmt::format("the close of the session was {} on a full disk, then the "
                                   "provider is shown {}",
                                   closed_ ? "acknowledged" : "refused", ToJson(shown)));
      }
    }
    trouble_.End(*host);
  }

  HostInTrouble trouble_;
  Scene& scene_;
  bool late_ok_ = false, closed_ = false;
};

Judgement DiskFillsUp(Rig& rig, Mode mode) { return FillsUp(rig, mode).Play(); }

// -- while a tool is at work ---------------------------------------------------------------------

// The tool has its effect, then the disk fills up, then the tool ends: that it did cannot be
// recorded. The run ends INTERNAL. Its retry finds a free disk, and asks for the same call.
class Unrecorded {
 public:
  Unrecorded(Rig& rig, Mode mode) : trouble_(rig, mode), scene_(trouble_.scene()) {
    const auto home = scene_.talk().home();
    effects_ = home / "effects";
    gate_ = home / "gate";
  }

  Judgement Play() {
    HostProcess* host = trouble_.Start(kNoSignal);
    if (!host || !Send(*host, "a")) return scene_.Judge();
    if (!AwaitEffect()) return scene_.Judge();
    SetDisk(*host, true);
    std::ofstream(gate_).put('\n');
    const std::string when = "when a tool's end cannot be recorded";
    const Line* line = trouble_.AnswerOf(*host, "a", when);
    const bool ok = line && trouble_.IsOk(*line, when);
    SetDisk(*host, false);
    if (!line || scene_.mode() != Mode::kStream) {
      trouble_.End(*host, line != nullptr);
      host = scene_.sound() ? trouble_.Start(kNoSignal) : nullptr;
    }
    if (!host || !scene_.sound()) return scene_.Judge();
    const auto calls = scene_.lane().Journal().calls.size();
    if (Send(*host, "b")) Retry(*host, ok, calls);
    trouble_.End(*host);
    return scene_.Judge();
  }

 private:
  bool Send(HostProcess& host, std::string_view id) {
    const auto command =
        fmt::format("echo effect >> '{}'; while [ ! -e '{}' ]; do sleep 0.02; done; echo was done",
                    effects_.string(), gate_.string());
    scene_.lane().SetRules(
        {AskForTools("work", {CallCommand(scene_.talk().rig().profile, "call-1", command)}),
         AnswerAll("finished")});
    return scene_.Send(host, RunUnderKey(id, "s", "work", "k")).complete;
  }

  bool AwaitEffect() {
    const auto deadline = scene_.Deadline();
    while (Contents(effects_).empty() && Clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds(2));
    return scene_.Require(!Contents(effects_).empty(), "TOOL-01", "the tool was not executed");
  }

  void Retry(HostProcess& host, bool was_ok, std::size_t calls) {
    const std::string when = "after a tool's end could not be recorded";
    const Line* line = trouble_.AnswerOf(host, "b", when);
    if (!line || !trouble_.IsOk(*line, when)) return;
    if (was_ok) {
      scene_.Require(IsReplay(*line), "CRASH-04",
                     fmt::format("{} an OK must be replayed, got {}", when, line->bytes));
      return;
    }
    const auto effects = Contents(effects_);
    scene_.Require(effects == "effect\n", "IDEM-10",
                   fmt::format("{} a retry must not execute it again; its effect is there {} times",
                               when, std::count(effects.begin(), effects.end(), '\n')));
    const auto journal = scene_.lane().Journal();
    for (std::size_t i = calls; i < journal.calls.size(); ++i) {
      for (const auto& result : ToolResultsOf(journal.calls[i])) {
        scene_.Require(result.find("was done") != std::string::npos ||
                           result.find("unknown") != std::string::npos,
                       "IDEM-10",
                       fmt::format("{} the retry shows the provider its result, or \"outcome "
                                   "unknown\"; it shows \"{}\"",
                                   when, Excerpt(result, 200)));
      }
    }
  }

  HostInTrouble trouble_;
  Scene& scene_;
  fs::path effects_, gate_;
};

Judgement ToolEndUnrecorded(Rig& rig, Mode mode) { return Unrecorded(rig, mode).Play(); }

const CheckRegistration kFillsUp(
    {.name = "crash/disk-fills-up-under-a-host",
     .requirements = {"CRASH-04", "CTRL-09"},
     .modes = {Mode::kStream},
     .about = "The disk is full for a replay, a run and a session_close, then free: no OK is lost.",
     .play = DiskFillsUp});
const CheckRegistration kUnrecorded(
    {.name = "crash/disk-fills-up-under-a-tool",
     .requirements = {"CRASH-04", "EXIT-04", "IDEM-10"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A tool's end cannot be recorded: INTERNAL, and the retry does not execute it again.",
     .capabilities = {"tools"},
     .play = ToolEndUnrecorded});

}  // namespace
}  // namespace touchstone
