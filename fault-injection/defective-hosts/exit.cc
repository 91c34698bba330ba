#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/exit.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }
bool IsHelp(const Launch& launch) { return launch.Has("--help") || launch.Has("--version"); }

std::string Setting(const Launch& launch, const std::string& name) {
  const auto found = launch.environment.find(name);
  return found == launch.environment.end() ? "" : found->second;
}

Tampering Launching(void (*change)(Launch&)) {
  Tampering tampering;
  tampering.launch = change;
  return tampering;
}

// What the one-shot exits with when its line fits.
Tampering ExitsWith(int to, Which which) {
  const auto seen = std::make_shared<bool>(false);
  Tampering tampering;
  tampering.response = [seen, which](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    *seen = object && which(*object);
    PassToCaller(line, wire);
  };
  tampering.exit = [seen, to](int status, Wire&) { return *seen ? to : status; };
  return When(IsOneShot, tampering);
}

bool IsRefusal(const Object& line) {
  auto copy = line;
  const auto* code = At(copy, "error.code");
  if (!code) code = At(copy, "error_code");
  return code && *code == "INVALID_REQUEST";
}

bool IsPong(const Object& line) {
  return Text(line, "status") == "PONG" || (Of("final", "OK")(line) && Text(line, "text").empty());
}

void BadNumberIsTheDefault(Launch& launch) {
  auto& environment = launch.environment;
  for (const auto* name : {"ZENE_MAX_CONCURRENCY", "ZENE_QUEUE_MAX"}) {
    const auto text = Setting(launch, name);
    if (text.find_first_not_of("0123456789") != text.npos) environment.erase(name);
  }
}

void ZeroMeansTheDefault(Launch& launch) {
  if (Setting(launch, "ZENE_MAX_CONCURRENCY") == "0")
    launch.environment.erase("ZENE_MAX_CONCURRENCY");
}

void UpperLimitIsOutside(Launch& launch) {
  if (Setting(launch, "ZENE_MAX_CONCURRENCY") == "1024")
    launch.environment["ZENE_MAX_CONCURRENCY"] = "1025";
}

void BlankIsAValue(Launch& launch) {
  const auto text = Setting(launch, "ZENE_QUEUE_MAX");
  if (!text.empty() && text.find_first_not_of(' ') == text.npos)
    launch.environment["ZENE_QUEUE_MAX"] = "blank";
}

// Its diagnostics go nowhere: to a log file, say, that nobody has set.
void SaysNothing(Launch&) {
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(null, STDERR_FILENO);
}

// A word that is none of the variable's is taken for its default.
void UnknownWordIsTheDefault(Launch& launch) {
  const std::map<std::string, std::set<std::string>> words = {
      {"ZENE_LOG_LEVEL", {"trace", "debug", "info", "warn", "error"}},
      {"LLM_PROVIDER", {"openai", "anthropic", "echo"}},
      {"ZENE_IDEMPOTENCY_REPLAY_MARKER", {"true", "false", "1", "0", "yes", "no"}}};
  for (const auto& [name, known] : words) {
    auto text = Setting(launch, name);
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!known.contains(text)) launch.environment.erase(name);
  }
}

void LowerCaseOnly(Launch& launch) {
  const auto level = Setting(launch, "ZENE_LOG_LEVEL");
  if (level.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != level.npos)
    launch.environment["ZENE_LOG_LEVEL"] = "unknown";
}

// The message of a bad configuration goes to stdout, too.
Tampering ConfigurationErrorOnStdout() {
  Tampering tampering;
  tampering.exit = [](int status, Wire& wire) {
    if (status == 3) wire.ToCaller("configuration error\n");
    return status;
  };
  return When([](const Launch& launch) { return launch.streams(); }, tampering);
}

// Who comes through with a wrong command line is a one-shot that gets no line: it need not wait
// long.
void NeedNotWait(Launch& launch) { launch.environment["ZENE_STDIN_TIMEOUT_MS"] = "50"; }

void NoNope(Launch& launch) {
  NeedNotWait(launch);
  std::erase_if(launch.argv, [](const auto& word) { return word == "--nope" || word == "-z"; });
}

void AnyProtocol(Launch& launch) {
  NeedNotWait(launch);
  for (auto& word : launch.argv) {
    if (word == "v9") word = "v1";
  }
}

void StreamsBesideTheBridge(Launch& launch) {
  if (!launch.bridge() || !launch.streams()) return;
  NeedNotWait(launch);
  std::erase(launch.argv, "--single-request=false");
}

// Usage, and what --help says, on the wrong stream.
Tampering OnExit(int status, bool (*how)(const Launch&), const char* says) {
  const auto text = std::make_shared<std::string>(says);
  Tampering tampering;
  tampering.exit = [status, text](int was, Wire& wire) {
    if (was == status) wire.ToCaller(*text);
    return was;
  };
  return When(how, tampering);
}

Tampering HelpOnStderr() {
  Tampering tampering;
  tampering.response = [](const std::string& line, Wire&) {
    const auto text = line + "\n";
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
  };
  return When(IsHelp, tampering);
}

std::vector<Defect> StatusDefects() {
  return {
      {"ping-exits-1",
       "EXIT-01",
       Subtlety::kSubtle,
       "A ping exits with 1: nothing was executed.",
       [] { return ExitsWith(1, IsPong); },
       {"exit/control*"}},
      {"replay-exits-5",
       "EXIT-01",
       Subtlety::kSubtle,
       "A replay exits with a status of its own.",
       [] { return ExitsWith(5, Has("replayed")); },
       {"exit/control*"}},
      {"exit-status-tells-the-outcome",
       "EXIT-01",
       Subtlety::kSubtle,
       "A run that the provider failed exits with 4.",
       [] {
         return ExitsWith(
             4, [](const Object& line) { return Of("final", "ERROR")(line) && !IsRefusal(line); });
       },
       {"exit/executed/internal*"},
       true,
       {"BRIDGE-04"}},
      {"invalid-request-exits-0",
       "EXIT-02",
       Subtlety::kBlatant,
       "INVALID_REQUEST exits with 0.",
       [] { return ExitsWith(0, IsRefusal); },
       {"exit/invalid-request/words*"}},
      {"unreadable-line-exits-1",
       "EXIT-02",
       Subtlety::kSubtle,
       "A line that is not JSON exits with 1.",
       [] { return ExitsWith(1, And(IsRefusal, Is("request_id", "unknown"))); },
       {"exit/invalid-request/words*"}},
      {"bad-number-is-the-default",
       "EXIT-03",
       Subtlety::kBlatant,
       "A value that is no number is ignored.",
       [] { return Launching(BadNumberIsTheDefault); },
       {"bridge/line-is-read-before-failing*", "exit/bad-configuration-and-a-bad-line/ping*"}},
      {"zero-means-the-default",
       "EXIT-03",
       Subtlety::kSubtle,
       "ZENE_MAX_CONCURRENCY=0 means the default.",
       [] { return Launching(ZeroMeansTheDefault); },
       {"exit/bad-configuration-of-a-one-shot/max-concurrency-below*"}},
      {"upper-limit-is-outside",
       "EXIT-03",
       Subtlety::kRare,
       "The highest value of a range is refused.",
       [] { return Launching(UpperLimitIsOutside); },
       {"exit/configuration-at-its-limits/max-concurrency-highest*"}},
      {"unknown-word-is-the-default",
       "EXIT-03",
       Subtlety::kSubtle,
       "A log level, a provider or a boolean that is no known word is ignored.",
       [] { return Launching(UnknownWordIsTheDefault); },
       {"exit/bad-configuration-of-a-one-shot/log-level*",
        "exit/bad-configuration-of-a-one-shot/*provider*",
        "exit/bad-configuration-of-a-one-shot/*marker*"}},
      {"levels-in-lower-case-only",
       "EXIT-03",
       Subtlety::kRare,
       "A log level in capitals is refused.",
       [] { return Launching(LowerCaseOnly); },
       {"exit/configuration-at-its-limits/*level*"}},
      {"blank-is-a-value",
       "EXIT-03",
       Subtlety::kSubtle,
       "A blank value is refused.",
       [] { return Launching(BlankIsAValue); },
       {"exit/blank-configuration-counts-as-unset/*"}},
      {"configuration-error-exits-1",
       "EXIT-03",
       Subtlety::kBlatant,
       "A configuration error exits with 1.",
       [] { return ExitStatus(3, 1); },
       {"bridge/line-is-read-before-failing*"}},
      {"configuration-error-is-not-told",
       "EXIT-03",
       Subtlety::kSubtle,
       "A configuration error exits with 3, and says nothing.",
       [] { return Launching(SaysNothing); },
       {"exit/bad-configuration-of-a-stream/max-concurrency-below*"},
       false},
      {"configuration-error-on-stdout",
       "EXIT-03",
       Subtlety::kSubtle,
       "A stream tells of a bad configuration on stdout.",
       ConfigurationErrorOnStdout,
       {"exit/bad-configuration-of-a-stream/max-concurrency-below*"},
       true,
       {"FRAME-01"}},
      {"unwritten-line-is-success",
       "EXIT-04",
       Subtlety::kBlatant,
       "A one-shot that could not write its line exits with 0.",
       [] { return When(IsOneShot, ExitStatus(4, 0)); },
       {"exit/stdout-closed*"}},
      {"unusable-directory-exits-1",
       "EXIT-04",
       Subtlety::kSubtle,
       "A state directory that cannot be used exits with 1.",
       [] {
         return When(
             [](const Launch& launch) {
               return Setting(launch, "ZENE_STATE_DIR").starts_with("/dev");
             },
             ExitStatus(3, 1));
       },
       {"exit/state-directory-of-a-stream/a-device*"}},
  };
}

std::vector<Defect> UsageDefects() {
  return {
      {"unknown-flags-are-ignored",
       "EXIT-07",
       Subtlety::kSubtle,
       "An unknown flag is ignored.",
       [] { return Launching(NoNope); },
       {"exit/usage/unknown-flag*"}},
      {"any-protocol",
       "EXIT-07",
       Subtlety::kSubtle,
       "--protocol v9 is taken for v1.",
       [] { return Launching(AnyProtocol); },
       {"exit/usage/unknown-protocol*"}},
      {"bridge-may-stream",
       "EXIT-07",
       Subtlety::kRare,
       "--bridge-compat with --single-request=false is a one-shot.",
       [] { return Launching(StreamsBesideTheBridge); },
       {"exit/usage/bridge-with-a-stream*"}},
      {"usage-error-exits-1",
       "EXIT-07",
       Subtlety::kBlatant,
       "A usage error exits with 1.",
       [] {
         return When(
             [](const Launch& launch) { return !launch.Has("host") || launch.Has("--nope"); },
             ExitStatus(2, 1));
       },
       {"exit/usage/unknown-subcommand*"}},
      {"usage-error-is-not-told",
       "EXIT-07",
       Subtlety::kSubtle,
       "A usage error exits with 2, and says nothing.",
       [] { return Launching(SaysNothing); },
       {"exit/usage/unknown-subcommand*"},
       false},
      {"usage-on-stdout",
       "EXIT-07",
       Subtlety::kBlatant,
       "A usage error is told on stdout, too.",
       [] {
         return OnExit(
             2, [](const Launch& launch) { return !launch.Has("host"); },
             "usage: host --protocol v1\n");
       },
       {"exit/usage/unknown-subcommand*"}},
      {"help-on-stderr",
       "EXIT-07",
       Subtlety::kSubtle,
       "--help and --version print to stderr.",
       HelpOnStderr,
       {"exit/help-and-version/*"},
       false},
      {"version-exits-1",
       "EXIT-07",
       Subtlety::kSubtle,
       "--version exits with 1.",
       [] { return When(IsHelp, ExitStatus(0, 1)); },
       {"exit/help-and-version/*"}},
  };
}

}  // namespace

std::vector<Defect> ExitDefects() {
  auto all = StatusDefects();
  for (const auto part : {UsageDefects, SelfTestDefects}) {
    auto rows = part();
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace touchstone::defective
