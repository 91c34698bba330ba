// Modes O and B: one request line in, one response line out, exit.
#pragma once

#include "reference-host/options.h"

namespace refhost {

int RunOneShotMode(const Config& config, Mode mode);

}  // namespace refhost
