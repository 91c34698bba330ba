// TOOL, and what becomes of a tool's processes: CTRL-06, LIFE-08, TOOL-02, BRIDGE-05, TOOL-04.
//
// The command leaves a whole tree: a child in the background, one in a session of its own, one
// that ignores SIGTERM, and a double fork. All carry a number on their command line that occurs
// nowhere else on the machine, so each is found wherever it has gone.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/scan.h"
#include "conformance/checks/tools.h"
#include "conformance/observe/framing.h"
#include "conformance/run/timing_rule.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{1000};
constexpr std::size_t kTreeSize = 5;

// A tree of sleepers by the time they sleep, in seconds; `last` is what the command itself does.
std::string TreeCommand(const std::string& marker, const std::string& last) {
  return fmt::format(
      "sleep {0} & "
      "setsid sleep {0} & "
      "sh -c 'trap \"\" TERM INT HUP; sleep {0}; :' & "
      "(setsid sh -c 'sleep {0} & sleep {0} >/dev/null 2>&1' &) ; {1}",
      marker, last);
}

class Tree {
 public:
  explicit Tree(const Rig& rig) {
    static std::atomic<unsigned> next{1};
    // Other judges on this machine, with the same seed, have trees of their own. One length for
    // all: no marker is the beginning of another.
    marker_ = fmt::format("{}.{:07}{:06}1", 4'000'000 + next++, ::getpid(), rig.seed % 1'000'000);
  }
  ~Tree() {
    for (const pid_t pid : ProcessesWith("sleep " + marker_)) ::kill(pid, SIGKILL);
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  std::string Command(const std::string& last) const { return TreeCommand(marker_, last); }
  std::string Forever() const { return Command("sleep " + marker_); }
  std::size_t size() const { return ProcessesWith("sleep " + marker_).size(); }

  // Polls the process table until the tree has grown, or is gone; the moment of that.
  std::optional<TimePoint> Await(const std::function<bool(std::size_t)>& wanted,
                                 TimePoint deadline) const {
    while (true) {
      const bool holds = wanted(size());
      const auto now = Clock::now();
      if (holds) return now;
      if (now > deadline) return std::nullopt;
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
  bool AwaitGrown(Scene& scene) const { return AwaitGrown(scene, scene.Deadline()); }
  bool AwaitGrown(Scene& scene, TimePoint deadline) const {
    const auto grown = Await([](std::size_t n) { return n >= kTreeSize; }, deadline);
    return scene.Require(grown.has_value(), "TOOL-01",
                         fmt::format("run_command must have started its {} processes, there are {}",
                                     kTreeSize, size()));
  }
  std::optional<TimePoint> AwaitGone(TimePoint deadline) const {
    return Await([](std::size_t n) { return n == 0; }, deadline);
  }

 private:
  std::string marker_;
};

enum class End { kCancel, kTimeout, kToolTimeout };

// One trial: the tree stands, the run (or the tool) is ended, and the time until nothing is left of
// it is measured. A tree that `time` was too short for has not `grown`.
Trial PlayTreeWithin(milliseconds time, Rig& rig, Mode mode, End how, bool& grown) {
  Scene scene(rig, mode);
  Tree tree(rig);
  scene.talk().SetEnv("ZENE_CANCEL_GRACE_MS", std::to_string(kGrace.count()));
  if (how == End::kToolTimeout)
    scene.talk().SetEnv("ZENE_TOOL_TIMEOUT_MS", std::to_string(time.count()));
  scene.lane().SetRules(
      {AskForTools("hi", {CallCommand(rig.profile, "c", tree.Forever())}), AnswerAll("told")});
  const std::string requirement = how == End::kToolTimeout ? "TOOL-02" : "CTRL-06";
  Trial trial;
  const auto done = [&](std::string late) {
    trial.judgement = scene.Judge();
    trial.decided = trial.judgement.verdict != Verdict::kPass;
    trial.on_time = late.empty();
    if (!late.empty() && !trial.decided) trial.judgement = scene.Late(requirement, late);
    return trial;
  };
  HostProcess* host = scene.Host();
  if (!host) return done({});
  auto request = RunRequest("a", "s", "hi");
  if (how == End::kTimeout) request["timeout_ms"] = time.count();
  auto from = scene.Send(*host, request).ended;
  const auto patience = how == End::kCancel ? scene.Deadline() : Clock::now() + time + kGrace;
  grown = tree.AwaitGrown(scene, patience);
  if (!grown) return done({});
  if (how == End::kCancel) from = scene.Send(*host, CancelRequest("c", "s", "a")).begun;
  const auto gone = tree.AwaitGone(scene.Deadline());
  const Line* answer = scene.Answer(*host, "a", "LIFE-01");
  if (!answer) return done({});
  const auto wanted = how == End::kCancel ? "CANCELED" : how == End::kTimeout ? "TIMEOUT" : "OK";
  scene.Require(StatusOf(*answer) == wanted || CodeOf(*answer) == wanted,
                how == End::kToolTimeout ? "TOOL-02" : "LIFE-01",
                fmt::format("the run must end {}, got {}", wanted, answer->bytes));
  if (how == End::kToolTimeout) {
    const auto journal = scene.lane().Journal();
    scene.Require(journal.calls.size() == 2 && !ToolResultsOf(journal.calls.back()).empty(),
                  "TOOL-02", "the provider must be told of the tool that ran out of time");
  }
  if (!scene.Require(gone.has_value(), requirement,
                     fmt::format("{} processes of the tool are still there", tree.size()))) {
    return done({});
  }
  // One-shots may add their start-up, see TIME-01.
  const auto allowed = kGrace + (how == End::kCancel ? milliseconds(0) : time + rig.startup);
  const double took = MsBetween(from, *gone);
  if (took <= static_cast<double>(allowed.count())) return done({});
  return done(fmt::format("the tool's processes were gone after {:.0f} ms, allowed are {} ms", took,
                          allowed.count()));
}

// A slow machine may need longer to start the tree than a play likes to wait: it gets more then.
Trial PlayTree(Rig& rig, Mode mode, End how) {
  bool grown = false;
  auto trial =
      PlayTreeWithin(milliseconds(how == End::kTimeout ? 600 : 400), rig, mode, how, grown);
  if (grown || how == End::kCancel) return trial;
  return PlayTreeWithin(milliseconds(6000), rig, mode, how, grown);
}

Judgement TreeAfterCancel(Rig& rig, Mode mode) {
  return JudgeByTimingRule(rig.lag, [&] { return PlayTree(rig, mode, End::kCancel); });
}
Judgement TreeAfterTimeout(Rig& rig, Mode mode) {
  return JudgeByTimingRule(rig.lag, [&] { return PlayTree(rig, mode, End::kTimeout); });
}
Judgement TreeAfterToolTimeout(Rig& rig, Mode mode) {
  return JudgeByTimingRule(rig.lag, [&] { return PlayTree(rig, mode, End::kToolTimeout); });
}

// LIFE-08: the tree under a host that is told to end, and under one whose tool has returned and
// left it behind.
Judgement TreeAfterHost(Rig& rig, Mode mode) {
  for (const bool term : {true, false}) {
    Scene scene(rig, mode);
    Tree tree(rig);
    scene.talk().SetEnv("ZENE_CANCEL_GRACE_MS", "200");
    scene.talk().SetEnv("ZENE_TOOL_TIMEOUT_MS", term ? "60000" : "500");
    // A command that ends leaves its tree; some hosts wait for those that hold its pipe.
    const auto command = term ? tree.Forever() : tree.Command("echo started");
    scene.lane().SetRules(
        {AskForTools("hi", {CallCommand(rig.profile, "c", command)}), AnswerAll("told")});
    HostProcess* host = scene.Host();
    if (!host) return scene.Judge();
    scene.Send(*host, RunRequest("a", "s", "hi"));
    if (term) {
      if (!tree.AwaitGrown(scene)) return scene.Judge();
      scene.talk().EndedByPlay(*host);
      host->Signal(SIGTERM);
    }
    scene.Answer(*host, "a", "LIFE-07");
    host->CloseStdin();
    const auto end = host->AwaitExit(scene.Deadline());
    scene.Require(end.has_value(), "LIFE-08", "the host must exit");
    // Killed is not yet gone: the kernel gets a moment.
    scene.Require(tree.AwaitGone(Clock::now() + milliseconds(500)).has_value(), "LIFE-08",
                  fmt::format("{} processes of a tool outlived the host, which ended {}",
                              tree.size(), term ? "by SIGTERM" : "after its run"));
    auto judgement = scene.Judge();
    if (judgement.verdict != Verdict::kPass) return judgement;
  }
  return Judgement::Pass();
}

// BRIDGE-05: a child in the background holds the tool's pipes, and must not hold the host's.
Trial PlayPipes(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  Tree tree(rig);
  scene.talk().SetEnv("ZENE_TOOL_TIMEOUT_MS", "300");
  scene.lane().SetRules(
      {AskForTools("hi", {CallCommand(rig.profile, "c", tree.Command("echo started"))}),
       AnswerAll("told")});
  HostProcess* host = scene.Host();
  double took = 0;
  if (host) {
    scene.Send(*host, RunRequest("a", "s", "hi"));
    const Line* line = scene.Answer(*host, "a", "LIFE-04");
    const auto end = line ? host->AwaitEnd(scene.Deadline()) : std::nullopt;
    if (line && scene.Require(end && end->streams_ended, "BRIDGE-05",
                              "stdout and stderr must reach EOF when the host has exited")) {
      took = MsBetween(line->at, std::max(end->at, end->streams_ended_at));
    }
  }
  Trial trial;
  trial.judgement = scene.Judge();
  trial.decided = trial.judgement.verdict != Verdict::kPass;
  trial.on_time = took <= 1000;
  if (!trial.on_time && !trial.decided) {
    trial.judgement = scene.Late(
        "BRIDGE-05", fmt::format("{:.0f} ms from the line to the end of the pipes", took));
  }
  return trial;
}

Judgement PipesAreClosed(Rig& rig, Mode mode) {
  return JudgeByTimingRule(rig.lag, [&] { return PlayPipes(rig, mode); });
}

// -- TOOL-04: a link swapped in between ----------------------------------------------------------

// Swaps `d` between a folder of the work directory and a link to one outside, as fast as it can.
class Swapper {
 public:
  Swapper(const fs::path& work, const fs::path& outside)
      : thread_([work, outside](std::stop_token stop) {
          std::error_code ec;
          const auto link = work / "d", kept = work / "kept", spare = work / "spare";
          fs::create_directory(kept, ec);
          std::ofstream(kept / "f") << "inside";
          while (!stop.stop_requested()) {
            fs::create_directory_symlink(outside, spare, ec);
            fs::rename(spare, link, ec);  // the link, in one step
            std::this_thread::yield();
            fs::remove(link, ec);
            fs::rename(kept, link, ec);  // the folder
            std::this_thread::yield();
            fs::rename(link, kept, ec);
          }
        }) {}

 private:
  std::jthread thread_;
};

Judgement SwappedLink(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const auto told = scene.talk().home() / "where", outside = scene.talk().home() / "outside";
  const auto canary = fmt::format("canary-{:x}", rig.seed);
  fs::create_directory(outside);
  std::ofstream(outside / "f") << canary;
  scene.lane().SetRules(
      {AskForTools("where",
                   {CallCommand(rig.profile, "w", fmt::format("pwd > '{}'", told.string()))}),
       AnswerAll("later")});
  if (!Ask(scene, RunRequest("where", "s", "where"), "TOOL-01")) return scene.Judge();
  std::ifstream stream(told);
  std::string work;
  std::getline(stream, work);
  if (!scene.Require(fs::is_directory(work), "TOOL-01", "run_command must tell its directory"))
    return scene.Judge();
  std::vector<provider::ToolCall> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(CallTool(rig.profile, fmt::format("r{}", i), "read_file", {{"path", "d/f"}}));
    calls.push_back(CallTool(rig.profile, fmt::format("w{}", i), "write_file",
                             {{"path", fmt::format("d/n{}", i)}, {"content", "x"}}));
  }
  scene.lane().SetRules({AskForTools("swap", calls, 3), AnswerAll("done")});
  {
    Swapper swapper(work, outside);
    if (!Ask(scene, RunRequest("swap", "s", "swap"), "TOOL-01")) return scene.Judge();
  }
  for (const auto& call : scene.lane().Journal().calls) {
    scene.Require(call.body.find(canary) == std::string::npos, "TOOL-04",
                  "read_file followed a link that was swapped in, out of the work directory");
  }
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(outside, ec)) {
    scene.Require(entry.path().filename() == "f", "TOOL-04",
                  fmt::format("write_file followed a link that was swapped in, and wrote {}",
                              entry.path().filename().string()));
  }
  return scene.Judge();
}

const std::vector<Mode> kAllModes{Mode::kStream, Mode::kOneShot, Mode::kBridge};
const CheckRegistration kCancel(
    {.name = "tool/tree-is-gone-after-cancel",
     .requirements = {"CTRL-06"},
     .modes = {Mode::kStream},
     .about = "A cancel during a tool that left its group: its whole tree is gone in the grace.",
     .capabilities = {"tools"},
     .timing = true,
     .play = TreeAfterCancel});
const CheckRegistration kTimeout(
    {.name = "tool/tree-is-gone-after-timeout",
     .requirements = {"CTRL-06"},
     .modes = {Mode::kStream},
     .about = "A timeout during a tool that left its group: its whole tree is gone in the grace.",
     .capabilities = {"tools"},
     .timing = true,
     .play = TreeAfterTimeout});
const CheckRegistration kToolTimeout(
    {.name = "tool/tree-is-gone-after-its-time",
     .requirements = {"TOOL-02"},
     .modes = kAllModes,
     .about = "A tool over its time is killed with its whole tree, and the run goes on.",
     .capabilities = {"tools"},
     .timing = true,
     .play = TreeAfterToolTimeout});
const CheckRegistration kAfterHost(
    {.name = "tool/tree-is-gone-with-the-host",
     .requirements = {"LIFE-08"},
     .modes = kAllModes,
     .about = "SIGTERM during a tool, or the end of a host whose tool left children: none is left.",
     .capabilities = {"tools"},
     .play = TreeAfterHost});
const CheckRegistration kPipes(
    {.name = "tool/children-do-not-hold-the-pipes",
     .requirements = {"BRIDGE-05"},
     .modes = {Mode::kOneShot, Mode::kBridge},
     .about = "A tool's children in the background keep no pipe of the host open.",
     .capabilities = {"tools"},
     .timing = true,
     .play = PipesAreClosed});
const CheckRegistration kSwapped(
    {.name = "tool/link-swapped-in-between",
     .requirements = {"TOOL-04"},
     .modes = kAllModes,
     .about = "While a folder is swapped with a link to the outside, file tools stay inside.",
     .capabilities = {"tools"},
     .play = SwappedLink});

}  // namespace
}  // namespace touchstone
