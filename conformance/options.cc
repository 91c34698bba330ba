#include "conformance/options.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

#include "conformance/help.h"
#include "conformance/report/console.h"
#include "conformance/version.h"

namespace touchstone {
namespace {

std::vector<std::string> SplitCommas(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  for (char c : text + ",") {
    if (c != ',')
      part += c;
    else if (!part.empty())
      parts.push_back(std::exchange(part, {}));
  }
  return parts;
}

std::string IsIpv6(const std::string& text) {
  in6_addr address;
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1 ? "" : "an IP address is expected";
}

// Flags as CLI11 reads them, before they become Options.
struct Raw {
  std::string modes, areas, soak_mode, families;
  int proxy_port = 8474;
};

void AddHostOptions(CLI::App& app, Options& options) {
  app.add_option("--profile", options.profile_file,
                 "how to start the host (a JSON file); default: the bundled refhost")
      ->check(CLI::ExistingFile);
  app.add_option("--host-bin", options.host_bin, "put this program into the profile's commands");
  app.add_option(
      "command", options.host_command,
      "after `--`: a host's command; the command line of the contract's §1 is added to it");
  app.add_option("--seed", options.seed, "root of all chance; default: chosen and printed");
  app.add_flag("--plain", options.plain, "plain lines, also on a terminal");
}

void AddRunOptions(CLI::App& app, Options& options, Raw& raw) {
  AddHostOptions(app, options);
  app.add_option("--modes", raw.modes, "of S, O and B, separated by commas")->default_str("S,O,B");
  app.add_option("--area", raw.areas, "only checks of these areas of the contract: FRAME,REQ");
  app.add_option("--only", options.filter.globs,
                 "only checks whose name fits the glob: 'req/*'; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--milestone", options.milestone, "gate on it and on earlier ones")
      ->check(CLI::IsMember({"M1", "M2", "M3"}))
      ->default_str("M1");
  app.add_option("--jobs", options.jobs, "plays at the same time; default: two for each core")
      ->check(CLI::Range(1, 256));
  app.add_option("--report-dir", options.report_dir,
                 "write report.json, junit.xml and transcripts of failures here");
  app.add_option("--waivers", options.waivers_file,
                 "failures that shall not block for a while (docs/waivers.md)")
      ->check(CLI::ExistingFile);
  app.add_option("--write-waivers", options.write_waivers_file,
                 "write a waiver file for this run's failures");
}

void AddFuzzOptions(CLI::App& app, Options& options, Raw& raw) {
  AddHostOptions(app, options);
  app.add_option("--modes", raw.modes, "of S, O and B, separated by commas")->default_str("S,O,B");
  app.add_option("--cases", options.cases,
                 "inputs in each mode; default: 100000 in S, 2000 in O and B, no end with --for")
      ->check(CLI::PositiveNumber);
  app.add_option("--for", options.for_ms, "search for so long in each mode: 90s, 10m, 1h")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{
              {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}},
          CLI::AsNumberWithUnit::UNIT_REQUIRED));
  app.add_option("--families", raw.families,
                 "what is mutated, of requests, bytes, framing and json; default: all");
  app.add_option("--corpus", options.corpus_dir,
                 "replay the files of this folder first, and add what is found, each made minimal");
  app.add_option("--promote", options.promote_dir,
                 "write each finding as a golden case into this folder");
  app.add_option("--replay", options.replay,
                 "only this input, in base64, as a finding's report names it");
  app.add_flag("--model", options.model,
               "instead: random programs in mode S against the executable model (docs/model.md); "
               "--replay then names the file of a program");
  app.add_option("--programs", options.programs, "with --model: how many")
      ->check(CLI::Range(1, 100'000'000))
      ->default_str("1000");
  app.add_option("--steps", options.steps, "with --model: at most, of each program")
      ->check(CLI::Range(1, 1000))
      ->default_str("40");
  app.add_option("--jobs", options.jobs, "O and B: processes at a time; default: two for each core")
      ->check(CLI::Range(1, 256));
}

std::string ReadModes(const std::string& text, std::vector<Mode>& into) {
  into.clear();
  for (const auto& name : SplitCommas(text)) {
    const auto mode = ModeFromString(name);
    if (!mode || *mode == Mode::kNone)
      return fmt::format("--modes: S, O or B expected, got \"{}\"", name);
    if (std::find(into.begin(), into.end(), *mode) == into.end()) into.push_back(*mode);
  }
  return into.empty() ? "--modes: at least one of S, O and B expected" : "";
}

// A play mostly waits for its host, so two share a core; a trial of the selftest keeps a provider
// and a shim busy, too.
int JobsFor(const std::string& command) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return command == "selftest" ? cores : 2 * cores;
}

std::string Finish(Options& options, const Raw& raw) {
  if (!raw.modes.empty()) {
    if (auto fault = ReadModes(raw.modes, options.filter.modes); !fault.empty()) return fault;
  }
  options.filter.areas = SplitCommas(raw.areas);
  options.families = SplitCommas(raw.families);
  for (const auto& name : options.families) {
    constexpr std::string_view kFamilies[] = {"requests", "bytes", "framing", "json"};
    if (std::ranges::find(kFamilies, name) == std::end(kFamilies))
      return fmt::format("--families: requests, bytes, framing or json expected, got \"{}\"", name);
  }
  options.soak_modes = options.filter.modes;
  if (!raw.soak_mode.empty()) {
    if (auto fault = ReadModes(raw.soak_mode, options.soak_modes); !fault.empty()) return fault;
  }
  if (!options.host_bin.empty() && !options.host_command.empty())
    return "--host-bin and a command after `--` exclude each other";
  if (!options.profile_file.empty() && !options.host_command.empty())
    return "--profile and a command after `--` exclude each other";
  if (options.jobs == 0) options.jobs = JobsFor(options.command);
  if (options.seed == 0) options.seed = std::random_device{}() % 1'000'000 + 1;
  const char* no_color = std::getenv("NO_COLOR");
  options.plain = options.plain || !IsTerminal(stderr) || (no_color && *no_color);
  return {};
}

}  // namespace

ParsedOptions ParseOptions(int argc, char** argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  Raw raw;
  CLI::App app{
      "Touchstone judges agent hosts by Host Protocol v1: it starts the host, is its caller and "
      "its provider, and gives a verdict."};
  app.footer(FooterOf(""));
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("touchstone ") + kVersion);
  options.data_dir = TOUCHSTONE_SOURCE_DIR;
  app.add_option("--data", options.data_dir,
                 "the folder that holds golden/ and conformance/profiles/")
      ->check(CLI::ExistingDirectory);

  AddRunOptions(
      *app.add_subcommand("run", "play all cases and checks at a host and give the verdict"),
      options, raw);
  auto* gate = app.add_subcommand(
      "gate", "what a release must pass: run, then --requests requests in each mode");
  AddRunOptions(*gate, options, raw);
  gate->add_option("--requests", options.requests, "in each mode")
      ->check(CLI::Range(1, 100'000'000))
      ->default_str("1000");
  auto* soak = app.add_subcommand(
      "soak", "many consecutive requests; each must be answered once, as it should be");
  AddHostOptions(*soak, options);
  soak->add_option("--requests", options.requests, "how many")
      ->check(CLI::Range(1, 100'000'000))
      ->default_str("1000");
  soak->add_option("--mode", raw.soak_mode, "S, O or B")->default_str("S,O,B");
  AddFuzzOptions(*app.add_subcommand("fuzz",
                                     "malformed and unusual input from a seed: each line must be "
                                     "answered as the contract says, exactly once"),
                 options, raw);
  auto* selftest = app.add_subcommand(
      "selftest", "judge the judge: hosts with one thing broken, each of which must be noticed");
  selftest
      ->add_option("--profile", options.profile_file,
                   "a conforming host, to be broken; default: the bundled refhost")
      ->check(CLI::ExistingFile);
  selftest->add_option("--seed", options.seed, "root of all chance; default: chosen and printed");
  selftest
      ->add_option("--only", options.filter.globs,
                   "only defects whose name fits the glob: '*-key'; may be repeated")
      ->allow_extra_args(false);
  selftest->add_option("--area", raw.areas, "only defects that violate these areas: FRAME,SESS");
  selftest->add_flag("--fast", options.fast, "only the subset that every build proves");
  selftest->add_flag("--list", options.list_only, "print the defects, and run nothing");
  selftest->add_option("--jobs", options.jobs, "defects at the same time; default: one a core")
      ->check(CLI::Range(1, 256));
  selftest->add_option("--json", options.json_file, "write the kill matrix here");
  auto* list = app.add_subcommand("list", "what there is: requirements, cases or checks");
  list->add_option("what", options.topic, "requirements, cases or checks")
      ->required()
      ->check(CLI::IsMember({"requirements", "cases", "checks"}));
  list->add_flag("--uncovered", options.uncovered,
                 "requirements: only those that nothing judges, with the modes in which it is so");
  list->add_option("--milestone", options.milestone, "requirements: up to this one")
      ->check(CLI::IsMember({"M1", "M2", "M3"}))
      ->default_str("M1");
  list->add_option("--area", raw.areas, "only these areas of the contract");
  auto* explain =
      app.add_subcommand("explain", "a requirement: its text, level and source, and what sees it");
  explain->add_option("id", options.topic, "FRAME-13")->required();
  auto* provider =
      app.add_subcommand("provider", "the mock provider by itself, on loopback, until Ctrl-C");
  provider->add_option("--port", options.port, "0: a free one, printed")
      ->check(CLI::Range(0, 65535))
      ->default_str("0");
  provider->add_option("--bind", options.bind_address, "an address other than loopback")
      ->check(CLI::ValidIPV4 | CLI::Validator(IsIpv6, "IPV6"))
      ->default_str("127.0.0.1");
  provider->add_option("--scenario", options.scenario,
                       "answer by the rules of a scenario: a name (`touchstone scenarios list`) or "
                       "a file; also a file that is {\"rules\":[…]} or a list of rules");
  provider->add_option("--seed", options.seed, "root of all chance; default: chosen and printed");
  provider->add_option(
      "--journal", options.journal_file,
      "write each call and connection here when it has ended, a line of JSON each");
  provider->add_flag("--quiet", options.quiet, "do not tell of calls: the address and a summary");
  auto* proxy = app.add_subcommand(
      "proxy", "the TCP fault proxy with Toxiproxy's HTTP API, until Ctrl-C (docs/proxy.md)");
  proxy->add_option("--host", options.host, "where the API listens")->default_str("127.0.0.1");
  // Not bound to `port`: the provider's default is another.
  proxy->add_option("--port", raw.proxy_port, "of the API; 0: a free one, printed")
      ->check(CLI::Range(0, 65535))
      ->default_str("8474");
  proxy
      ->add_option("--config", options.proxy_config,
                   "proxies to begin with: a JSON file as POST /populate takes it")
      ->check(CLI::ExistingFile);
  proxy->add_option("--seed", options.seed, "root of all chance; default: chosen and printed");
  auto* fault = app.add_subcommand(
      "fault", "play one fault scenario at a host and tell what happened, step by step");
  fault->add_option("scenario", options.scenario, "a name (`touchstone scenarios list`) or a file")
      ->required();
  AddHostOptions(*fault, options);
  fault->add_option("--mode", raw.soak_mode, "S, O or B; default: the scenario's first");
  auto* scenarios = app.add_subcommand("scenarios", "the fault scenarios: list, show NAME");
  scenarios->require_subcommand(1);
  scenarios->add_subcommand("list", "name, requirements and fault of each");
  scenarios->add_subcommand("show", "one scenario in full")
      ->add_option("name", options.scenario, "a name, or a file")
      ->required();
  auto* docs = app.add_subcommand("docs", "the reference pages that are generated from data");
  docs->add_option("page", options.topic, "contract, defects or proxy")
      ->required()
      ->check(CLI::IsMember({"contract", "defects", "proxy"}));
  docs->add_flag("--check", options.check,
                 "compare with docs/ instead of printing; exit 1 when stale");
  for (CLI::App* command : app.get_subcommands({})) {
    command->footer(FooterOf(command->get_name()));
  }

  try {
    app.parse(argc, argv);
    options.command = app.get_subcommands().front()->get_name();
    if (options.command == "scenarios")
      options.topic = scenarios->get_subcommands().front()->get_name();
    if (options.command == "proxy") options.port = raw.proxy_port;
    if (auto fault = Finish(options, raw); !fault.empty()) throw CLI::ValidationError(fault);
  } catch (const CLI::ParseError& error) {
    parsed.leave = true;
    // CLI11 has exit codes of its own; a usage error here is 2, help is 0.
    parsed.exit_status = app.exit(error) == 0 ? 0 : 2;
  }
  std::error_code ec;
  options.program = std::filesystem::read_symlink("/proc/self/exe", ec);
  return parsed;
}

}  // namespace touchstone
