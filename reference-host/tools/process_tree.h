// Finding and ending the descendants of a process, wherever they have gone: a process group or a
// session can be left, the line of parents cannot, as long as its head is a subreaper.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

namespace refhost {

// All that is below `root` in /proc, without `root` itself and without whatever `spare` names and
// its descendants.
std::vector<pid_t> Descendants(pid_t root, const std::function<bool(pid_t)>& spare = {});

// Sends SIGKILL to all of them. They are stopped first, so that none can start another one while
// the others die; one that slips through (it was inside fork) is found by the next call.
void KillDescendants(pid_t root, const std::function<bool(pid_t)>& spare = {});

}  // namespace refhost
