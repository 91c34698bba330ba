// `inspect`: what the state directory holds, as NDJSON on stdout. Exit 3 if it cannot be read.
#pragma once

#include "reference-host/options.h"

namespace refhost {

int RunInspectMode(const Config& config, const CommandLine& line);

}  // namespace refhost
