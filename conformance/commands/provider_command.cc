#include <arpa/inet.h>
#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

#include "conformance/commands/flags.h"
#include "conformance/commands/provider_rules.h"
#include "conformance/commands/provider_watch.h"
#include "conformance/commands/session.h"
#include "conformance/observe/strict_json.h"
#include "fault-injection/provider/server.h"

namespace touchstone {
namespace {

constexpr std::size_t kKeep = 10'000;  // calls in memory; the journal file has them all
// What happens in this time is told together: the server does not wait for a reader.
constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::milliseconds kPatience{100};  // until Ctrl-C is looked for again

struct ProviderFlags {
  int port = 0;
  std::string bind_address = "127.0.0.1";
  std::string scenario;  // a name, or a file
  std::filesystem::path journal_file;
  bool quiet = false;  // no narration
};

bool IsLoopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

void Introduce(const ProviderFlags& flags, const provider::Lane& lane,
               const std::optional<ProviderRules>& rules) {
  if (!IsLoopback(flags.bind_address)) {
    fmt::print(stderr,
               "warning: {} is not loopback: whoever reaches it can call and control this\n",
               flags.bind_address);
  }
  fmt::print("mock provider on {0} (OpenAI: {0}/v1, Anthropic: {0}), seed {1}\n", lane.base_url(),
             lane.Seed());
  if (flags.quiet) {
    std::fflush(stdout);
    return;
  }
  if (rules) {
    fmt::print("{} {}{}{}\n", rules->about.empty() ? "rules of" : "scenario", rules->name,
               rules->about.empty() ? "" : ": ", rules->about);
    for (std::size_t i = 0; i < rules->given.size(); ++i)
      fmt::print("  rule [{}] {}\n", i, ToJson(rules->given[i]));
  } else {
    fmt::print("every call is answered \"mock answer\"\n");
  }
  fmt::print("control: curl {}/__touchstone/ (docs/provider-control.md)\n", lane.base_url());
  fmt::print(
      "try: curl {0}/v1/chat/completions -d "
      "'{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}'\n"
      "Ctrl-C ends it\n",
      lane.base_url());
  std::fflush(stdout);
}

// Keeps the journals that resets end, from its own beginning to its end, until they are looked at.
class EndedJournals {
 public:
  explicit EndedJournals(provider::Lane& lane) : lane_(lane) {
    lane.BeforeReset([this](provider::Snapshot journal) { ended_.push_back(std::move(journal)); });
  }
  ~EndedJournals() { lane_.BeforeReset(nullptr); }
  EndedJournals(const EndedJournals&) = delete;
  EndedJournals& operator=(const EndedJournals&) = delete;

  // Under the lane's lock, as what is kept is.
  void ShowTo(ProviderWatch& watch) {
    for (const provider::Snapshot& journal : ended_) watch.LookBeforeReset(journal);
    ended_.clear();
  }

 private:
  provider::Lane& lane_;
  std::vector<provider::Snapshot> ended_;
};

// Tells of each call until it is stopped. False: the journal file cannot be written any more.
bool Tell(provider::Lane& lane, EndedJournals& ended, ProviderWatch& watch, std::ostream* journal,
          std::stop_token stop) {
  const auto tell = [&] {
    const auto [text, json] = watch.Take();
    if (!text.empty()) {
      fmt::print("{}", text);
      std::fflush(stdout);
    }
    return !journal || (*journal << json).flush().good();
  };
  std::mutex mutex;
  std::condition_variable_any stopped;
  while (!stop.stop_requested()) {
    bool changed = false;  // the first look is at what there is already
    lane.WaitUntil(
        [&](const provider::Snapshot& snapshot) {
          ended.ShowTo(watch);
          watch.Look(snapshot);
          return watch.HasNews() || std::exchange(changed, true);
        },
        std::chrono::steady_clock::now() + kPatience);
    if (!tell()) return false;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, kPause, [] { return false; });
  }
  lane.WaitUntil(
      [&](const provider::Snapshot& snapshot) {
        ended.ShowTo(watch);
        watch.LookAtTheEnd(snapshot);
        return true;
      },
      std::chrono::steady_clock::now());
  return tell();
}

std::string IsIpv6(const std::string& text) {
  in6_addr address;
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1 ? "" : "an IP address is expected";
}

class ProviderCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    app.add_option("--port", flags_.port, "0: a free one, printed")
        ->check(CLI::Range(0, 65535))
        ->default_str("0");
    app.add_option("--bind", flags_.bind_address, "an address other than loopback")
        ->check(CLI::ValidIPV4 | CLI::Validator(IsIpv6, "IPV6"))
        ->default_str("127.0.0.1");
    app.add_option("--scenario", flags_.scenario,
                   "answer by the rules of a scenario: a name (`touchstone scenarios list`) or "
                   "a file; also a file that is {\"rules\":[…]} or a list of rules");
    AddSeedFlag(app, options);
    app.add_option("--journal", flags_.journal_file,
                   "write each call and connection here when it has ended, a line of JSON each");
    app.add_flag("--quiet", flags_.quiet, "do not tell of calls: the address and a summary");
  }

  int Run(const Options& options, const Context& context) override;

 private:
  ProviderFlags flags_;
};

int ProviderCommand::Run(const Options& options, const Context& context) {
  std::ofstream journal;
  const auto cannot_write = [&] {
    return Complain({fmt::format("--journal {}: cannot be written", flags_.journal_file.string())});
  };
  provider::ServerOptions server_options;
  server_options.address = flags_.bind_address;
  server_options.port = static_cast<std::uint16_t>(flags_.port);
  server_options.control = true;
  auto server = provider::Server::Start(server_options);
  if (!server) return Complain({server.error()});
  provider::Lane& lane = (*server)->OpenLane("", {.seed = options.seed, .keep = kKeep});
  EndedJournals ended(lane);  // before anybody is told the port
  std::optional<ProviderRules> rules;
  if (!flags_.scenario.empty()) {
    auto loaded = LoadProviderRules(options, flags_.scenario, lane);
    if (!loaded) return Complain(loaded.error());
    rules = std::move(*loaded);
    lane.SetRules(rules->rules);
  }
  if (!flags_.journal_file.empty()) {
    journal.open(flags_.journal_file, std::ios::trunc);
    if (!journal) return cannot_write();
  }
  Introduce(flags_, lane, rules);
  ProviderWatch watch(std::chrono::steady_clock::now(),
                      {.text = !flags_.quiet, .json = journal.is_open()});
  const bool written =
      Tell(lane, ended, watch, journal.is_open() ? &journal : nullptr, context.stop);
  fmt::print("{}\n", watch.Summary());
  std::fflush(stdout);
  return written ? 0 : cannot_write();
}

const CommandRegistration<ProviderCommand> kProvider(
    {.name = "provider",
     .about = "the mock provider by itself, on loopback, until Ctrl-C",
     .group = CommandGroup::kFaults,
     .examples =
         R"(
  touchstone provider --port 9009                 every call is answered "mock answer"
  touchstone provider --scenario flapping --journal calls.jsonl
  curl localhost:9009/__touchstone/               its control (docs/provider-control.md))"});

}  // namespace
}  // namespace touchstone
