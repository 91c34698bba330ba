#include <cstdio>
#include <map>

#include "conformance/commands/commands.h"
#include "conformance/options.h"
#include "conformance/process/interrupt.h"
#include "conformance/process/warden.h"

// Parses, lets the subcommand work, and maps its result to the exit status.
int main(int argc, char** argv) {
  using namespace touchstone;
  const auto [options, leave, exit_status] = ParseOptions(argc, argv);
  if (leave) return exit_status;

  if (options.command == "list") return ListCommand(options);
  if (options.command == "explain") return ExplainCommand(options);
  if (options.command == "docs") return DocsCommand(options);
  if (options.command == "scenarios") return ScenariosCommand(options);

  const auto scratch = MakeScratchFolder();
  if (scratch.empty()) {
    std::perror("touchstone: cannot make a folder for temporary files (TMPDIR)");
    return 3;
  }
  SplitOffWarden(scratch);
  Interrupt interrupt;
  const Context context{scratch, interrupt.token()};
  if (options.command == "run") return RunCommand(options, context);
  if (options.command == "gate") return GateCommand(options, context);
  if (options.command == "selftest") return SelftestCommand(options, context);
  if (options.command == "fault") return FaultCommand(options, context);
  if (options.command == "fuzz")
    return options.model ? ModelCommand(options, context) : FuzzCommand(options, context);
  if (options.command == "soak") return SoakCommand(options, context);
  if (options.command == "proxy") return ProxyCommand(options, context);
  return ProviderCommand(options, context);
}
