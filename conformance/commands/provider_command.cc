#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <optional>

#include "conformance/commands/provider_watch.h"
#include "conformance/commands/scenarios.h"
#include "conformance/commands/session.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/substitute.h"
#include "fault-injection/provider/server.h"

namespace touchstone {
namespace {

constexpr std::size_t kKeep = 10'000;         // calls in memory; the journal file has them all
constexpr std::string_view kKey = "sk-mock";  // ${provider.key}, where no host has one

// The scenario's rules with what stands for their variables here.
tl::expected<std::vector<provider::Rule>, CommandError> RulesOf(const Scenario& scenario,
                                                                const provider::Lane& lane) {
  const Lookup lookup = [&](std::string_view name) -> std::optional<boost::json::value> {
    if (name == "provider.base_url") return boost::json::value(lane.base_url() + "/v1");
    if (name == "provider.key") return boost::json::value(kKey);
    if (name == "provider.model") return boost::json::value("mock-model");
    return std::nullopt;
  };
  auto rules = provider::ParseRules(Substitute(scenario.provider, lookup, true));
  if (!rules) return tl::unexpected(CommandError{rules.error().path + rules.error().message, 2});
  return std::move(*rules);
}

bool IsLoopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

void Introduce(const provider::Lane& lane, const std::optional<Scenario>& scenario) {
  fmt::print("mock provider on {0} (OpenAI: {0}/v1, Anthropic: {0}), seed {1}\n", lane.base_url(),
             lane.Seed());
  if (scenario) {
    fmt::print("scenario {}: {}\n", scenario->name, scenario->about);
    for (std::size_t i = 0; i < scenario->provider.size(); ++i)
      fmt::print("  rule [{}] {}\n", i, ToJson(scenario->provider[i]));
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
    for (const auto& told : watch.Take()) {
      fmt::print("{}\n", told.text);
      if (journal) *journal << told.json << '\n';
    }
    std::fflush(stdout);
    return !journal || journal->flush().good();
  };
  while (!stop.stop_requested()) {
    lane.WaitUntil(
        [&](const provider::Snapshot& snapshot) {
          watch.Look(snapshot);
          return watch.HasNews();
        },
        std::chrono::steady_clock::now() + std::chrono::milliseconds(250));
    if (!tell()) return false;
  }
  watch.Look(lane.Journal());
  return tell();
}

}  // namespace

int ProviderCommand(const Options& options, const Context& context) {
  std::optional<Scenario> scenario;
  if (!options.scenario.empty()) {
    auto found = FindScenario(options, options.scenario);
    if (!found) return Complain(found.error());
    scenario = std::move(*found);
  }
  std::ofstream journal;
  const auto cannot_write = [&] {
    return Complain(
        {fmt::format("--journal {}: cannot be written", options.journal_file.string())});
  };
  if (!options.journal_file.empty()) {
    journal.open(options.journal_file, std::ios::trunc);
    if (!journal) return cannot_write();
  }
  provider::ServerOptions server_options;
  server_options.address = options.bind_address;
  server_options.port = static_cast<std::uint16_t>(options.port);
  server_options.control = true;
  auto server = provider::Server::Start(server_options);
  if (!server) return Complain({server.error()});
  provider::Lane& lane = (*server)->OpenLane("", {.seed = options.seed, .keep = kKeep});
  if (scenario) {
    auto rules = RulesOf(*scenario, lane);
    if (!rules) return Complain(rules.error());
    lane.SetRules(std::move(*rules));
  }
  if (!IsLoopback(options.bind_address)) {
    fmt::print(stderr,
               "warning: {} is not loopback: whoever reaches it can call and control this\n",
               options.bind_address);
  }
  Introduce(lane, scenario);
  ProviderWatch watch(std::chrono::steady_clock::now());
  const bool written = Tell(lane, watch, journal.is_open() ? &journal : nullptr, context.stop);
  fmt::print("{}\n", watch.Summary());
  std::fflush(stdout);
  return written ? 0 : cannot_write();
}

}  // namespace touchstone
