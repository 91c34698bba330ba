// The directory that holds all state: made 0700, its files 0600 (SEC-04).
#pragma once

#include <string>

#include "reference-host/store/store.h"

namespace refhost {

// Makes sure that `dir` exists and holds a state database, and returns the database's path. A new
// database appears whole or not at all, even when many processes start at once. A file that is there
// and empty is damage, never a reason to start afresh (CRASH-04).
StoreResult<std::string> PrepareStateDir(const std::string& dir, const char* schema);

}  // namespace refhost
