// The preloaded library that breaks a host's own system calls (inside/): how a launch asks for it.
#pragma once

#include <string>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

// Sets LD_PRELOAD and the variable that names the defect. The library takes both out of the
// environment before the host's main() runs.
void Preload(Launch& launch, const std::string& inside);

}  // namespace touchstone::defective
