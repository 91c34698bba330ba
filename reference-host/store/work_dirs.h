// The directories in which tools work: one per session, <state>/work/<SHA-256 of the session id>. A
// session id never becomes a path (SESS-03).
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "reference-host/host/clock.h"
#include "reference-host/store/store.h"

namespace refhost {

std::string WorkDirName(std::string_view session_id);

// A descriptor of the session's directory, which is made if it is missing. The caller closes it.
StoreResult<int> OpenWorkDir(const std::string& state_dir, std::string_view session_id);

// Takes the directory away from the session, at once: it is moved to <state>/trash. No error if
// there is none.
void RetireWorkDir(const std::string& state_dir, const std::string& name);

// The names of all work directories there are.
std::set<std::string> ListWorkDirs(const std::string& state_dir);

// Removes what is in the trash, for as long as there is time: the rest is left for the next call.
// Never follows a link. Any process, at any time.
void EmptyTrash(const std::string& state_dir, TimePoint until);

}  // namespace refhost
