// The subcommands of touchstone. Each is one file that registers itself; adding one touches no
// other file (docs/adding-a-command.md).
//
//     class Greet : public Command {
//      public:
//       void AddFlags(CLI::App& app, Options& options) override { AddSeedFlag(app, options); }
//       int Run(const Options& options, const Context& context) override { … }
//     };
//     const CommandRegistration<Greet> kGreet({.name = "greet", .about = "says hello"});
//
// Made before main(), for the main thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "conformance/commands/options.h"

namespace CLI {
class App;
}

namespace touchstone {

// What a command that starts processes needs besides the options.
struct Context {
  std::filesystem::path scratch;  // an own folder; removed by whoever made it
  std::stop_token stop;           // Ctrl-C
  // For a command that ends its hosts itself when it is asked to stop: from then on Ctrl-C does not
  // kill them.
  std::function<void()> spare_hosts = {};
};

class Command {
 public:
  virtual ~Command() = default;
  // Binds flags to the shared options and to members.
  virtual void AddFlags(CLI::App& app, Options& options) = 0;
  // After parsing: what no flag by itself can be blamed for. A message for a person, or nothing.
  virtual std::string Check(Options&) { return {}; }
  // The exit status, as the README says: 0 conformant, 1 not, 2 usage, 3 could not run, 4 bug in
  // the harness, 130 interrupted.
  virtual int Run(const Options& options, const Context& context) = 0;
};

// Where `touchstone --help` lists it, in this order.
enum class CommandGroup { kJudge, kReports, kFaults, kJudgeItself };

struct CommandInfo {
  std::string name;
  std::string about;  // the line in `touchstone --help`
  CommandGroup group = CommandGroup::kJudge;
  std::string examples = {};  // each on a line of its own, behind two spaces
  // A command that does not has neither scratch folder nor warden, and Ctrl-C just ends it.
  bool starts_processes = true;
};

struct RegisteredCommand {
  CommandInfo info;
  std::unique_ptr<Command> command;
};

// All of them, by group and name.
const std::vector<RegisteredCommand>& Commands();

void RegisterCommand(CommandInfo info, std::unique_ptr<Command> command);

template <typename T>
struct CommandRegistration {
  explicit CommandRegistration(CommandInfo info) {
    RegisterCommand(std::move(info), std::make_unique<T>());
  }
};

}  // namespace touchstone
