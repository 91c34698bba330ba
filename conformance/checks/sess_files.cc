// SESS-03 and SESS-07: what sessions do to the file system. SESS-09: what is kept of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <numeric>
#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/checks/scan.h"
#include "conformance/checks/tools.h"
#include "conformance/contract/shape.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Ids that would be paths elsewhere if a host made paths of them; each holds the token, by which
// what they leave is known.
std::vector<std::string> HostileIds(const std::string& token) {
  std::vector<std::string> ids{"../" + token,
                               "../../" + token,
                               "../home/" + token,
                               "/tmp/" + token,
                               "//tmp//" + token,
                               "a/../../" + token,
                               "./" + token + "/../../" + token,
                               "..\\" + token,
                               "%2e%2e%2f" + token,
                               "~/" + token,
                               "$HOME/" + token,
                               std::string("x\0/../../", 9) + token,
                               "../" + token + "\n",
                               "file:///tmp/" + token,
                               std::string(500, '.') + "/" + token,
                               token + std::string(5000, 'x')};
  return ids;
}

// SESS-03: the tree around the state directory, the home, /tmp and the working directory stay as
// they are.
Judgement OnlyTheStateDirectory(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const auto folder = scene.talk().state_dir().parent_path();
  const auto token = fmt::format("touchstone-{:x}-{}", rig.seed, folder.filename().string());
  const auto watched = [&] {
    auto paths = PathsBelow(folder, scene.talk().state_dir());
    paths.insert("state");  // the host makes it
    std::error_code ec;
    for (const fs::path& outside : {fs::path("/tmp"), fs::current_path(ec), fs::path("/"),
                                    fs::current_path(ec).parent_path()}) {
      for (fs::directory_iterator it(outside, ec), end; !ec && it != end; it.increment(ec)) {
        if (it->path().filename().string().find(token) != std::string::npos)
          paths.insert(it->path().string());
      }
    }
    return paths;
  };
  const auto before = watched();
  int number = 0;
  std::vector<provider::Rule> rules;
  std::vector<boost::json::object> requests;
  for (const auto& id : HostileIds(token)) {
    const auto run = fmt::format("r{}", ++number);
    const auto prompt = "write " + run + ".";
    requests.push_back(RunRequest(run, id, prompt));
    if (rig.profile.capabilities.contains("tools")) {
      rules.push_back(AskForTools(
          prompt, {CallTool(rig.profile, run, "write_file", {{"path", token}, {"content", id}})}));
    }
    requests.push_back({{"protocol_version", 1},
                        {"type", "session_close"},
                        {"request_id", "c" + run},
                        {"session_id", id}});
  }
  rules.push_back(AnswerAll("done"));
  scene.lane().SetRules(std::move(rules));
  if (AskAll(scene, requests, "LIFE-01").size() < requests.size()) return scene.Judge();
  scene.talk().Finish();
  for (const auto& path : watched()) {
    scene.Require(before.contains(path), "SESS-03",
                  fmt::format("outside its state directory the host made {}", Excerpt(path, 200)));
  }
  for (const auto& path : before)
    scene.Require(watched().contains(path), "SESS-03",
                  fmt::format("outside its state directory the host removed {}", path));
  return scene.Judge();
}

// Asks in the session where its tools work.
std::optional<fs::path> WorkDirectory(Scene& scene, const std::string& session) {
  const auto told = scene.talk().home() / "where";
  const auto& profile = scene.talk().rig().profile;
  scene.lane().SetRules(
      {AskForTools("where", {CallCommand(profile, "c", fmt::format("pwd > '{}'", told.string()))}),
       AnswerAll("later")});
  if (!Ask(scene, RunRequest("where " + session, session, "where"), "TOOL-01")) return std::nullopt;
  std::ifstream stream(told);
  std::string path;
  std::getline(stream, path);
  std::error_code ec;
  if (!scene.Require(
          !path.empty() && fs::is_directory(path, ec), "TOOL-01",
          fmt::format("run_command must have run in a directory, it wrote \"{}\"", path))) {
    return std::nullopt;
  }
  return fs::path(path);
}

// SESS-07: the work directory goes with the session. Which clean-up is the next one in O and B is
// the host's choice: there, processes are started until it is gone.
Judgement WorkDirectoryIsRemoved(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.talk().SetEnv("ZENE_SESSION_TTL_SEC", "1");
  scene.talk().SetEnv("ZENE_SESSION_CLEANUP_INTERVAL_SEC", "1");
  const auto directory = WorkDirectory(scene, "s");
  if (!directory) return scene.Judge();
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  std::error_code ec;
  for (int i = 0; fs::exists(*directory, ec) && Clock::now() < deadline && scene.sound(); ++i) {
    if (mode == Mode::kStream)
      std::this_thread::sleep_for(milliseconds(50));
    else
      Ask(scene, RunRequest(fmt::format("r{}", i), "other", "hi"), "LIFE-01");
  }
  scene.Require(!fs::exists(*directory, ec), "SESS-07",
                "with a time to live of 1 s and a clean-up each second, the session's work "
                "directory is still there after 10 s");
  return scene.Judge();
}

// -- inspect -------------------------------------------------------------------------------------

// The NDJSON of `inspect TOPIC --session ID`.
std::vector<boost::json::object> Inspect(Scene& scene, const std::string& topic,
                                         const std::string& session, const char* requirement) {
  std::vector<boost::json::object> rows;
  // The contract says how it is called; a profile may say otherwise.
  const auto& profile = scene.talk().rig().profile;
  const auto command = profile.commands.find("inspect");
  auto argv = command == profile.commands.end() ? profile.ProgramPrefix() : command->second;
  if (command == profile.commands.end()) argv.emplace_back("inspect");
  argv.insert(argv.end(), {topic, "--session", session});
  auto host = scene.talk().Start("inspect", argv, Mode::kNone);
  if (!scene.Require(host.has_value(), requirement, "inspect cannot be started")) return rows;
  const auto end = (*host)->AwaitEnd(scene.Deadline());
  scene.Require(end && end->status == ExitStatus{false, 0}, requirement,
                fmt::format("inspect {} must exit 0, got {}", topic,
                            end ? end->status.ToString() : "no exit"));
  for (const Line* line : (*host)->Lines()) {
    auto json = ParseStrict(line->bytes);
    if (scene.Require(json && json->is_object(), requirement,
                      fmt::format("inspect {} writes JSON objects, got {}", topic,
                                  Excerpt(line->bytes, 200)))) {
      rows.push_back(json->get_object());
    }
  }
  return rows;
}

bool HasString(const boost::json::object& row, std::string_view key) {
  const auto* text = StringAt(row, key);
  return text && !text->empty();
}

// `seq` counts a run's events from 1 (EVENT-01): where one is left out or comes twice, an envelope
// was not kept.
void RequireNoGap(Scene& scene, const std::vector<boost::json::object>& rows) {
  std::map<std::string, std::vector<std::int64_t>> runs;
  for (const auto& row : rows) {
    const auto* run = StringAt(row, "run_id");
    const auto* seq = row.if_contains("seq");
    if (run && seq && seq->is_int64()) runs[std::string(*run)].push_back(seq->get_int64());
  }
  for (auto& [run, numbers] : runs) {
    std::ranges::sort(numbers);
    std::vector<std::int64_t> wanted(numbers.size());
    std::iota(wanted.begin(), wanted.end(), 1);
    scene.Require(numbers == wanted, "SESS-09",
                  fmt::format("the envelopes of run {} must have the seq 1 to {}, got {}",
                              Excerpt(run), numbers.size(), fmt::join(numbers, ", ")));
  }
}

// SESS-09 for two sessions, one with an id that is no file name.
Judgement EnvelopesAreKept(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const std::vector<std::string> sessions{"plain", "../a b:c\"é"};
  std::vector<boost::json::object> requests;
  for (const auto& session : sessions) {
    requests.push_back(RunRequest("run of " + session, session, "hi"));
    if (mode == Mode::kStream) requests.back()["stream"] = true;
  }
  if (AskAll(scene, requests, "LIFE-01").size() < requests.size()) return scene.Judge();
  scene.talk().Finish();
  for (const auto& session : sessions) {
    const auto rows = Inspect(scene, "events", session, "SESS-09");
    scene.Require(!rows.empty(), "SESS-09", "a session with a run must have event envelopes");
    for (const auto& row : rows) {
      const auto* id = StringAt(row, "session_id");
      const auto* seq = row.if_contains("seq");
      const auto* payload = row.if_contains("payload");
      scene.Require(HasString(row, "run_id") && id && *id == session && seq && seq->is_int64() &&
                        row.contains("ts") && HasString(row, "event_type") && payload &&
                        payload->is_object(),
                    "SESS-09",
                    fmt::format("an envelope of session {} has run_id, session_id, seq, ts, "
                                "event_type and payload, got {}",
                                session, Excerpt(ToJson(row), 300)));
    }
    RequireNoGap(scene, rows);
  }
  return scene.Judge();
}

bool Mentions(const boost::json::object& row, const std::string& text) {
  return ToJson(row).find(text) != std::string::npos;
}

// TOOL-07: the contract names what a record tells, not how its fields are called.
Judgement CallsAreAudited(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  const auto call = CallCommand(rig.profile, "c1", "echo audited-argument; exit 7");
  scene.lane().SetRules({AskForTools("hi", {call}), AnswerAll("done")});
  if (!Ask(scene, RunRequest("request-of-audit", "s", "hi"), "TOOL-01")) return scene.Judge();
  scene.talk().Finish();
  const auto rows = Inspect(scene, "audit", "s", "TOOL-07");
  const auto tells = [&](const boost::json::object& row) {
    return Mentions(row, "request-of-audit") && Mentions(row, call.name) &&
           Mentions(row, "audited-argument");
  };
  scene.Require(std::count_if(rows.begin(), rows.end(), tells) == 1, "TOOL-07",
                fmt::format("one audit record must tell of the call: request, tool and arguments; "
                            "of {} records {} do",
                            rows.size(), std::count_if(rows.begin(), rows.end(), tells)));
  return scene.Judge();
}

const std::vector<Mode> kAllModes{Mode::kStream, Mode::kOneShot, Mode::kBridge};
const CheckRegistration kFiles(
    {.name = "sess/ids-make-no-paths",
     .requirements = {"SESS-03"},
     .modes = kAllModes,
     .about = "Sessions with hostile ids: outside the state directory nothing appears or goes.",
     .play = OnlyTheStateDirectory});
const CheckRegistration kRemoved(
    {.name = "sess/work-directory-is-removed",
     .requirements = {"SESS-07"},
     .modes = kAllModes,
     .about = "After its time to live and a clean-up, a session's work directory is gone.",
     .capabilities = {"tools"},
     .play = WorkDirectoryIsRemoved});
const CheckRegistration kEnvelopes(
    {.name = "sess/envelopes-are-kept",
     .requirements = {"SESS-09"},
     .modes = kAllModes,
     .about = "inspect events shows each session's own envelopes, with all their fields.",
     .capabilities = {"inspect"},
     .play = EnvelopesAreKept});
const CheckRegistration kAudited(
    {.name = "tool/calls-are-audited",
     .requirements = {"TOOL-07"},
     .modes = kAllModes,
     .about = "inspect audit shows one record of a tool call: request, tool and arguments.",
     .capabilities = {"inspect", "tools"},
     .play = CallsAreAudited});

}  // namespace
}  // namespace touchstone
