// The directory that holds all state: made 0700, its files 0600 (SEC-04).
#pragma once

#include <optional>
#include <string>

#include "reference-host/store/sqlite_db.h"
#include "reference-host/store/store.h"

namespace refhost {

struct StateDir {
  std::string database;  // path
  // The file is shorter than it says. A checkpoint that was killed leaves it so, with all that is
  // missing still in the log; so does damage. Only a look at every page can tell.
  bool needs_check = false;
};

// Makes sure that `dir` exists and holds a state database. A new database appears whole or not at
// all, even when many processes start at once. A file that is there and empty is damage, never a
// reason to start afresh (CRASH-04).
StoreResult<StateDir> PrepareStateDir(const std::string& dir);

// The same, but makes nothing: nothing if there is no database, and no sign of a lost one.
StoreResult<std::optional<StateDir>> FindStateDir(const std::string& dir);

// Whether an open database is one of ours, of this version, and whole (as far as `state` gives
// reason to look).
StoreResult<void> CheckSchema(SqliteDb& db, const StateDir& state);

}  // namespace refhost
