// What a gate's suites really do: the drivers of conformance/gate, bound to this command line.
#pragma once

#include "conformance/commands/session.h"
#include "conformance/gate/suite_jobs.h"

namespace touchstone {

// The same options for the bundled host, whatever the host under test is.
Options Bundled(Options options);

// Options, suite and policy must outlive the drivers.
gate::Drivers MakeDrivers(const Options& options, const Suite& suite, const policy::Policy& policy,
                          const Context& context);

}  // namespace touchstone
