// A soak of a gate's policy: with the bundled host beside it, in segments, as the policy says.
#pragma once

#include "conformance/commands/session.h"
#include "conformance/policy/policy.h"
#include "soak/summary/summary.h"

namespace touchstone {

// Blocks until the soak, or its segment, is over. The error says why it did not run.
tl::expected<soak::Summary, std::string> RunSoakSuite(const Options& options,
                                                      const Context& context,
                                                      const policy::Policy& policy, Rig& rig,
                                                      const policy::SoakSuite& suite);

}  // namespace touchstone
