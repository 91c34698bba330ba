#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <mutex>
#include <sstream>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/bending.h"
#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// How often a host on this state directory was killed: each leaves a file that names its process.
class Kills {
 public:
  void Begin(const Launch& launch) {
    launch_ = launch;
    const fs::path mine = Beside(launch, "alive." + std::to_string(::getpid()));
    const auto stem = fs::path(Beside(launch, "alive.")).filename().string();
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(mine.parent_path(), ec)) {
      const auto name = entry.path().filename().string();
      if (!name.starts_with(stem)) continue;
      const auto pid = std::atoi(name.c_str() + stem.size());
      count_ += pid != ::getpid() && ::kill(pid, 0) != 0;
    }
    Keep(mine, "");
  }
  void End() const { ::unlink(Beside(launch_, "alive." + std::to_string(::getpid())).c_str()); }
  int count() const { return count_; }
  const Launch& launch() const { return launch_; }

 private:
  Launch launch_;
  int count_ = 0;
};

using SharedKills = std::shared_ptr<Kills>;

// A Tampering that knows of kills. Its own launch hook runs behind the count.
Tampering Knowing(const SharedKills& kills, Tampering tampering) {
  tampering.launch = [kills, launch = tampering.launch](Launch& started) {
    kills->Begin(started);
    if (launch) launch(started);
  };
  tampering.exit = [kills](int status, Wire&) {
    kills->End();
    return status;
  };
  return tampering;
}

bool IsUser(const json::value& message) { return Text(message.as_object(), "role") == "user"; }

std::size_t LastUser(const json::array& messages) {
  std::size_t at = messages.size();
  while (at > 0 && !IsUser(messages[at - 1])) --at;
  return at == 0 ? 0 : at - 1;
}

// After a kill the provider is shown no earlier turn, or all but the newest of them.
Tampering ForgetsTurns(bool all) {
  const auto kills = std::make_shared<Kills>();
  return Knowing(kills, Asked([kills, all](Object& body) {
                   if (kills->count() == 0) return;
                   auto& messages = body.at("messages").as_array();
                   const auto last = LastUser(messages);
                   auto first = last;
                   do {
                     while (first > 0 && !IsUser(messages[first - 1])) --first;
                     if (first > 0) --first;
                   } while (all && first > 0);
                   if (first == last || !IsUser(messages[first])) return;
                   messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(first),
                                  messages.begin() + static_cast<std::ptrdiff_t>(last));
                 }));
}

// The question of a run that a kill ended stays in its session, without an answer.
Tampering KeepsHalfATurn() {
  struct Halves {
    std::mutex mutex;
    std::map<std::string, std::string> left;  // what stands before this prompt
  };
  const auto kills = std::make_shared<Kills>();
  const auto halves = std::make_shared<Halves>();
  const auto file = [kills](const Object& run) {
    return Beside(kills->launch(), "half." + HashOf(Text(run, "session_id")));
  };
  const auto asked = std::make_shared<std::map<std::string, Object>>();
  auto tampering = Following(
      [=](Object& line, Wire&, Runs&) {
        if (!IsRun(line)) return Fate::kPass;
        const auto prompt = Text(line, "prompt");
        if (const auto before = Contents(file(line)); before && *before != prompt) {
          const std::lock_guard lock(halves->mutex);
          halves->left[prompt] = *before;
        }
        Keep(file(line), prompt);
        (*asked)[Text(line, "request_id")] = line;
        return Fate::kPass;
      },
      [=](Object& line, Wire&, Runs&) {
        const auto run = asked->find(Text(line, "request_id"));
        if (IsTerminal(line) && run != asked->end()) ::unlink(file(run->second).c_str());
        return Fate::kPass;
      });
  tampering.provider = Asked([=](Object& body) {
                         auto& messages = body.at("messages").as_array();
                         const auto last = LastUser(messages);
                         const std::lock_guard lock(halves->mutex);
                         const auto half =
                             halves->left.find(Text(messages[last].as_object(), "content"));
                         if (kills->count() == 0 || half == halves->left.end()) return;
                         messages.insert(messages.begin() + static_cast<std::ptrdiff_t>(last),
                                         Object{{"role", "user"}, {"content", half->second}});
                       }).provider;
  return Knowing(kills, tampering);
}

// Which answers a kill makes the host forget.
enum class Lost { kAll, kNewest, kOneIn50, kUnwritten };

// A run under a key whose answer is lost is a new one for the host, under another key. The names
// that keys have for the host are in a file: "key TAB name" lines, written when a run was answered.
Tampering LosesAnswers(Lost lost) {
  const auto kills = std::make_shared<Kills>();
  const auto file = [kills] { return Beside(kills->launch(), "answered"); };
  const auto names = std::make_shared<std::map<std::string, std::string>>();
  const auto asked = std::make_shared<std::map<std::string, std::string>>();  // by request
  auto tampering = Following(
      [=](Object& line, Wire&, Runs&) {
        if (!IsRun(line)) return Fate::kPass;
        const auto key = Text(line, "idempotency_key");
        (*asked)[Text(line, "request_id")] = key;
        if (kills->count() == 0) return Fate::kPass;
        const auto again = key + "#" + std::to_string(kills->count());
        if (!names->contains(key)) {
          if (lost != Lost::kUnwritten) return Fate::kPass;
          names->emplace(key, again);
        }
        line["idempotency_key"] = names->at(key);
        return Fate::kChanged;
      },
      [=](Object& line, Wire&, Runs&) {
        const auto key = asked->find(Text(line, "request_id"));
        if (key == asked->end() || !Of("final", "OK")(line)) return Fate::kPass;
        const auto name = names->contains(key->second) ? names->at(key->second) : key->second;
        Keep(file(), Contents(file()).value_or("") + key->second + "\t" + name + "\n");
        return Fate::kPass;
      });
  tampering.launch = [=](Launch&) {
    if (kills->count() == 0) return;
    const auto again = "#" + std::to_string(kills->count());
    std::istringstream stream(Contents(file()).value_or(""));
    std::string key, name, newest;
    while (std::getline(stream, key, '\t') && std::getline(stream, name)) {
      const bool gone = lost == Lost::kAll || (lost == Lost::kOneIn50 && OneOf(50, key));
      (*names)[key] = gone ? key + again : name;
      newest = key;
    }
    if (lost == Lost::kNewest && !newest.empty()) (*names)[newest] += again;
  };
  return Knowing(kills, tampering);
}

// The same call is another one for the host after a kill, so that what it recorded does not fit.
// Only while its result was not shown to the provider, or always.
Tampering RunsToolsAgain(bool only_unshown) {
  const auto kills = std::make_shared<Kills>();
  const auto file = [kills](const std::string& command) {
    return Beside(kills->launch(), "tool." + HashOf(command));
  };
  const auto mark = [](const std::string& pid) { return "\n: attempt " + pid; };
  const auto plain = [](const std::string& command) {
    return command.substr(0, command.find("\n: attempt "));
  };
  return Knowing(kills, Asks([=](ProviderExchange& exchange) {
                   if (auto body = Parsed(exchange.body)) {
                     ToolResults([&](const std::string&, Object& arguments, Object&) {
                       Keep(file(plain(Text(arguments, "command"))), "shown");
                     })(*body);
                   }
                   auto answer = exchange.Fetch();
                   ToolCalls([&](json::array& calls) {
                     for (auto& call : calls) {
                       auto* text = At(call.as_object(), "function.arguments");
                       auto arguments = text && text->is_string()
                                            ? Parsed(std::string(text->get_string()))
                                            : std::nullopt;
                       const auto command = arguments ? Text(*arguments, "command") : std::string();
                       if (command.empty()) continue;
                       const auto state = Contents(file(command));
                       if (!state) Keep(file(command), "started");
                       if (kills->count() == 0 || (only_unshown && (!state || *state == "shown")))
                         continue;
                       (*arguments)["command"] = command + mark(std::to_string(::getpid()));
                       *text = json::serialize(*arguments);
                     }
                   })(answer);
                   exchange.Reply(answer);
                 }));
}

// Of a call that a kill interrupted the provider is told that it went well.
Tampering MakesUpTheOutcome() {
  return Asked(ToolResults([](const std::string&, Object&, Object& message) {
    if (Text(message, "content").find("unknown") != std::string::npos)
      message["content"] = "The command was executed.";
  }));
}

// -- a state directory in trouble ----------------------------------------------------------------

Tampering LeavesReadOnlyStateAside() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    auto& dir = launch.environment["ZENE_STATE_DIR"];
    if (dir.empty() || ::access(dir.c_str(), W_OK) == 0 || errno != EACCES) return;
    dir += ".spare";
    std::error_code ec;
    fs::create_directory(dir, ec);
    fs::permissions(dir, fs::perms::owner_all, ec);
  };
  return tampering;
}

// As `inspect` ends when it cannot read the state directory.
bool IsDamaged(const Launch& launch) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd : {0, 1, 2}) ::dup2(null, fd);
    ::execl(launch.argv[0].c_str(), launch.argv[0].c_str(), "inspect", "turns", nullptr);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

Tampering ReplacesDamagedState() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto dir = launch.environment["ZENE_STATE_DIR"];
    std::error_code ec;
    if (dir.empty() || !fs::exists(dir, ec) || ::access(dir.c_str(), W_OK) != 0) return;
    if (!IsDamaged(launch)) return;
    for (const auto& entry : fs::directory_iterator(dir, ec)) fs::remove_all(entry.path(), ec);
  };
  return tampering;
}

Tampering EndsWithoutAWord() {
  Tampering tampering;
  tampering.launch = [](Launch&) { ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), 2); };
  return tampering;
}

Tampering BlamesTheProvider() {
  return Responses(Of("final", "ERROR"), [](Object& line) {
    for (const char* path : {"error.code", "error_code"}) {
      Change(path, [](json::value& code) {
        if (code == "INTERNAL") code = "PROVIDER_DOWN";
      })(line);
    }
  });
}

const std::vector<std::string> kAtWork{"crash/killed-at-work*"};
const std::vector<std::string> kWithTools{"crash/killed-with-tools*", "tool/completed-call*"};

}  // namespace

std::vector<Defect> CrashDefects() {
  std::vector<Defect> defects = {
      {"kill-empties-sessions", "CRASH-01", Subtlety::kBlatant,
       "After SIGKILL the next host starts with empty sessions.", [] { return ForgetsTurns(true); },
       kAtWork},
      {"kill-loses-the-newest-turn", "CRASH-01", Subtlety::kSubtle,
       "After SIGKILL a session's newest turn is not shown to the provider any more.",
       [] { return ForgetsTurns(false); }, kAtWork},
      {"kill-leaves-half-a-turn",
       "CRASH-01",
       Subtlety::kSubtle,
       "The question of a run that SIGKILL ended stays in the session, without an answer.",
       KeepsHalfATurn,
       {"crash/whole-turns*"}},
      {"kill-forgets-answers",
       "CRASH-02",
       Subtlety::kBlatant,
       "After SIGKILL no earlier answer is replayed: its run is executed again.",
       [] { return LosesAnswers(Lost::kAll); },
       kAtWork,
       true,
       {"CRASH-01"}},
      {"kill-forgets-the-newest-answer",
       "CRASH-02",
       Subtlety::kSubtle,
       "The answer that was written just before SIGKILL is not replayed.",
       [] { return LosesAnswers(Lost::kNewest); },
       kAtWork,
       true,
       {"CRASH-01"}},
      {"kill-forgets-one-answer-in-50",
       "CRASH-02",
       Subtlety::kRare,
       "After SIGKILL one earlier answer in 50 is not replayed.",
       [] { return LosesAnswers(Lost::kOneIn50); },
       kAtWork,
       false,
       {"CRASH-01"}},
      {"unwritten-answer-is-forgotten",
       "CRASH-02",
       Subtlety::kSubtle,
       "A run whose OK was saved and not yet written at SIGKILL is executed again.",
       [] { return LosesAnswers(Lost::kUnwritten); },
       kAtWork,
       false,
       {"CRASH-01"}},
      {"kill-doubles-tool-effects",
       "CRASH-03",
       Subtlety::kBlatant,
       "After SIGKILL a retry executes the tool calls that were complete once more.",
       [] { return RunsToolsAgain(false); },
       kWithTools,
       true,
       {"IDEM-10"}},
      {"interrupted-tool-runs-again",
       "CRASH-03",
       Subtlety::kSubtle,
       "A tool call whose result was not shown to the provider before SIGKILL is executed again.",
       [] { return RunsToolsAgain(true); },
       kWithTools,
       true,
       {"IDEM-10"}},
      {"outcome-is-made-up", "CRASH-03", Subtlety::kSubtle,
       "Of a tool call that SIGKILL interrupted the provider is told that it was executed.",
       MakesUpTheOutcome, kWithTools},
      {"full-disk-goes-unnoticed",
       "CRASH-04",
       Subtlety::kSubtle,
       "A write that fails as the disk is full counts as done.",
       [] { return Inside("ignore-full-disk"); },
       {"crash/full-disk*"}},
      {"read-only-state-is-left-aside",
       "CRASH-04",
       Subtlety::kSubtle,
       "A state directory that is read-only is replaced by a fresh one, without a word.",
       LeavesReadOnlyStateAside,
       {"crash/read-only-directory*"}},
      {"damaged-state-is-replaced",
       "CRASH-04",
       Subtlety::kSubtle,
       "A damaged state directory is emptied, and the host starts afresh.",
       ReplacesDamagedState,
       {"crash/damaged-files*"}},
      {"damaged-state-aborts",
       "CRASH-04",
       Subtlety::kSubtle,
       "A damaged state directory makes the host abort.",
       [] { return ExitStatus(3, 128 + SIGABRT); },
       {"crash/damaged-files*"}},
      {"damaged-state-ends-in-silence",
       "CRASH-04",
       Subtlety::kBlatant,
       "A host that cannot use its state directory ends without a message.",
       EndsWithoutAWord,
       {"crash/damaged-files*"}},
      {"full-disk-is-the-providers-fault",
       "CRASH-04",
       Subtlety::kSubtle,
       "A run that cannot be saved ends PROVIDER_DOWN.",
       BlamesTheProvider,
       {"crash/full-disk*"}},
  };
  for (auto& defect : StateDefects()) defects.push_back(std::move(defect));
  return defects;
}

}  // namespace touchstone::defective
