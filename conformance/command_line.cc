#include "conformance/command_line.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

#include "conformance/report/console.h"
#include "conformance/version.h"

namespace touchstone {
namespace {

constexpr std::string_view kExitStatus =
    "Exit status: 0 conformant, 1 not conformant or gate failed, 2 usage, 3 could not run, 4 bug "
    "in the harness,\n130 interrupted.";

constexpr std::string_view kFirstExamples = R"( Examples:
  touchstone run                                  judge the bundled reference host
  touchstone run --host-bin ./zene                judge a binary with the contract's command line
  touchstone run --only 'req/*' --modes B -- python3 my_host.py
  touchstone fault retry-after-zero               see what it does when its provider fails
  touchstone explain FRAME-13)";

std::string TitleOf(CommandGroup group) {
  switch (group) {
    case CommandGroup::kJudge:
      return "Judge a host";
    case CommandGroup::kReports:
      return "Know the contract, read results";
    case CommandGroup::kFaults:
      return "Faults";
    case CommandGroup::kJudgeItself:
      return "The judge itself";
  }
  return "";
}

std::string FooterOf(const CommandInfo& info) {
  std::string footer(kExitStatus);
  if (!info.examples.empty()) footer += " Examples:" + info.examples;
  return footer;
}

// What is the same for all commands, after the flags.
void FillIn(Options& options) {
  // A play mostly waits for its host, so two share a core.
  if (options.jobs == 0)
    options.jobs = 2 * std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (options.seed == 0) options.seed = std::random_device{}() % 1'000'000 + 1;
  const char* no_color = std::getenv("NO_COLOR");
  options.plain = options.plain || !IsTerminal(stderr) || (no_color && *no_color);
  std::error_code ec;
  options.program = std::filesystem::read_symlink("/proc/self/exe", ec);
}

}  // namespace

CommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  Options& options = line.options;
  CLI::App app{
      "Touchstone judges agent hosts by Host Protocol v1: it starts the host, is its caller and "
      "its provider, and gives a verdict."};
  app.footer(std::string(kExitStatus).append(kFirstExamples));
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("touchstone ") + kVersion);
  options.data_dir = TOUCHSTONE_SOURCE_DIR;
  app.add_option("--data", options.data_dir,
                 "the folder that holds golden/ and conformance/profiles/")
      ->check(CLI::ExistingDirectory);
  for (const auto& [info, command] : Commands()) {
    CLI::App* sub = app.add_subcommand(info.name, info.about);
    sub->group(TitleOf(info.group));
    sub->footer(FooterOf(info));
    command->AddFlags(*sub, options);
  }
  try {
    app.parse(argc, argv);
    options.command = app.get_subcommands().front()->get_name();
    const auto chosen = std::ranges::find(
        Commands(), options.command, [](const RegisteredCommand& one) { return one.info.name; });
    if (auto fault = chosen->command->Check(options); !fault.empty())
      throw CLI::ValidationError(fault);
    FillIn(options);
    line.chosen = &*chosen;
  } catch (const CLI::ParseError& error) {
    // CLI11 has exit codes of its own; a usage error here is 2, help is 0.
    line.exit_status = app.exit(error) == 0 ? 0 : 2;
  }
  return line;
}

}  // namespace touchstone
