// The subcommands. Each takes the parsed command line, does its work, and returns the exit status
// (docs/exit-status in the README): 0 conformant, 1 not, 2 usage, 3 could not run, 4 bug in the
// harness, 130 interrupted.
#pragma once

#include <filesystem>
#include <stop_token>

#include "conformance/options.h"

namespace touchstone {

// What a command that starts hosts needs besides the options.
struct Context {
  std::filesystem::path scratch;  // an own folder; removed by whoever made it
  std::stop_token stop;           // Ctrl-C
};

int RunCommand(const Options& options, const Context& context);
int GateCommand(const Options& options, const Context& context);
int FuzzCommand(const Options& options, const Context& context);
int ModelCommand(const Options& options, const Context& context);  // fuzz --model
int SoakCommand(const Options& options, const Context& context);
int SelftestCommand(const Options& options, const Context& context);
int ProviderCommand(const Options& options, const Context& context);
int ProxyCommand(const Options& options, const Context& context);
int FaultCommand(const Options& options, const Context& context);
int ScenariosCommand(const Options& options);
int ListCommand(const Options& options);
int ExplainCommand(const Options& options);
int DocsCommand(const Options& options);

}  // namespace touchstone
