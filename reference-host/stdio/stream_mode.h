// Mode S: many requests on stdin, interleaved responses on stdout.
#pragma once

#include "reference-host/options.h"

namespace refhost {

int RunStreamMode(const Config& config);

}  // namespace refhost
