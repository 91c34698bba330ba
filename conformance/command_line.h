// The command line of touchstone: parsed into the shared options and the chosen command's own. Of
// the environment it reads NO_COLOR; nothing else of the judge reads argv or the environment.
#pragma once

#include "conformance/commands/command.h"

namespace touchstone {

struct CommandLine {
  Options options;
  const RegisteredCommand* chosen = nullptr;  // nullptr: print and exit
  int exit_status = 0;                        // of --help, --version (0) and of a usage error (2)
};

// Parses; prints help or the usage error itself.
CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace touchstone
