#include <cstdio>

#include "conformance/command_line.h"
#include "conformance/process/interrupt.h"
#include "conformance/process/warden.h"

// Parses, lets the command work, and maps its result to the exit status.
int main(int argc, char** argv) {
  using namespace touchstone;
  const CommandLine line = ParseCommandLine(argc, argv);
  if (!line.chosen) return line.exit_status;
  if (!line.chosen->info.starts_processes) return line.chosen->command->Run(line.options, {});

  const auto scratch = MakeScratchFolder();
  if (scratch.empty()) {
    std::perror("touchstone: cannot make a folder for temporary files (TMPDIR)");
    return 3;
  }
  SplitOffWarden(scratch);
  Interrupt interrupt;
  return line.chosen->command->Run(
      line.options, {scratch, interrupt.token(), [&interrupt] { interrupt.SpareHosts(); }});
}
