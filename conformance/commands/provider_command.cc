#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <utility>

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

bool IsLoopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

void Introduce(const Options& options, const provider::Lane& lane,
               const std::optional<ProviderRules>& rules) {
  if (!IsLoopback(options.bind_address)) {
    fmt::print(stderr,
               "warning: {} is not loopback: whoever reaches it can call and control this\n",
               options.bind_address);
  }
  fmt::print("mock provider on {0} (OpenAI: {0}/v1, Anthropic: {0}), seed {1}\n", lane.base_url(),
             lane.Seed());
  if (options.quiet) {
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

// Tells of each call until it is stopped. False: the journal file cannot be written any more.
bool Tell(provider::Lane& lane, ProviderWatch& watch, std::ostream* journal, std::stop_token stop) {
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
        watch.LookAtTheEnd(snapshot);
        return true;
      },
      std::chrono::steady_clock::now());
  return tell();
}

}  // namespace

int ProviderCommand(const Options& options, const Context& context) {
  std::ofstream journal;
  const auto cannot_write = [&] {
    return Complain(
        {fmt::format("--journal {}: cannot be written", options.journal_file.string())});
  };
  provider::ServerOptions server_options;
  server_options.address = options.bind_address;
  server_options.port = static_cast<std::uint16_t>(options.port);
  server_options.control = true;
  auto server = provider::Server::Start(server_options);
  if (!server) return Complain({server.error()});
  provider::Lane& lane = (*server)->OpenLane("", {.seed = options.seed, .keep = kKeep});
  std::optional<ProviderRules> rules;
  if (!options.scenario.empty()) {
    auto loaded = LoadProviderRules(options, lane);
    if (!loaded) return Complain(loaded.error());
    rules = std::move(*loaded);
    lane.SetRules(rules->rules);
  }
  if (!options.journal_file.empty()) {
    journal.open(options.journal_file, std::ios::trunc);
    if (!journal) return cannot_write();
  }
  Introduce(options, lane, rules);
  ProviderWatch watch(std::chrono::steady_clock::now(),
                      {.text = !options.quiet, .json = journal.is_open()});
  const bool written = Tell(lane, watch, journal.is_open() ? &journal : nullptr, context.stop);
  fmt::print("{}\n", watch.Summary());
  std::fflush(stdout);
  return written ? 0 : cannot_write();
}

}  // namespace touchstone
