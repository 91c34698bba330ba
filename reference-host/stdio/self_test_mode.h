// `self-test`: one JSON line that says whether the host could do its work (EXIT-05, EXIT-06,
// EXIT-08).
#pragma once

#include "reference-host/options.h"

namespace refhost {

int RunSelfTestMode(const Config& config);

}  // namespace refhost
