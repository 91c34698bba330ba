// Starts a host behind a Tampering and stands between it and its caller until both are done.
//
// One thread, one poll loop; the provider proxy has threads of its own. What the caller sees of an
// unbroken host through the shim is what it would see without: bytes, order, EOF, exit status or
// signal, SIGTERM and SIGINT passed on, no descendant left. Killed with SIGKILL, the shim takes its
// host along.
#pragma once

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

// Runs the host to its end. Returns the exit status; 128 + n when the host was ended by signal n.
// Does not return when the Tampering leaves nothing for the shim to do: the host replaces it.
// 126: the host could not be started, told on stderr.
int RunShim(Launch launch, Tampering tampering);

}  // namespace touchstone::defective
