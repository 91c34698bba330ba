// What the state database looks like. Version 1 is released: a change to it comes with a higher
// version and a migration from every earlier one.
#pragma once

#include <cstdint>

namespace refhost {

inline constexpr int64_t kSchemaVersion = 1;

// Ids, keys and texts are blobs: compared byte for byte, as columns, never glued together.
//
// session      used_ms: when it was last used; what is gone from here has no turns and no events
// turn         partial: the answer was cut short by a failure, and `key` says of which pair
// envelope     the events of one run, one JSON object per line
// claim        id orders the claims of a session; until_ms: CLOCK_MONOTONIC, the end of the lease
// lost         claims that were taken over from an owner that may still be alive
// answer       id rises with the time of the answer
// effect       tool calls; result is null from the start of one to its recorded end
inline constexpr char kSchema[] =
    "CREATE TABLE session(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,"
    " used_ms INTEGER NOT NULL);"
    "CREATE TABLE turn(session INTEGER NOT NULL, seq INTEGER NOT NULL, ts_ms INTEGER NOT NULL,"
    " prompt BLOB NOT NULL, answer BLOB NOT NULL, partial INTEGER NOT NULL DEFAULT 0, key BLOB,"
    " PRIMARY KEY(session, seq)) WITHOUT ROWID;"
    "CREATE TABLE envelope(session INTEGER NOT NULL, seq INTEGER NOT NULL, run_id BLOB NOT NULL,"
    " events BLOB NOT NULL, PRIMARY KEY(session, seq)) WITHOUT ROWID;"
    "CREATE TABLE claim(id INTEGER PRIMARY KEY, session BLOB NOT NULL, key BLOB NOT NULL,"
    " owner INTEGER NOT NULL, token INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
    " request_id BLOB NOT NULL, UNIQUE(session, key));"
    "CREATE TABLE lost(owner INTEGER NOT NULL, token INTEGER NOT NULL, PRIMARY KEY(owner, token))"
    " WITHOUT ROWID;"
    "CREATE TABLE answer(id INTEGER PRIMARY KEY, session BLOB NOT NULL, key BLOB NOT NULL,"
    " ts_ms INTEGER NOT NULL, text BLOB NOT NULL, prompt_tokens INTEGER NOT NULL,"
    " completion_tokens INTEGER NOT NULL, UNIQUE(session, key));"
    "CREATE TABLE effect(id INTEGER PRIMARY KEY AUTOINCREMENT, session BLOB NOT NULL,"
    " key BLOB NOT NULL, name BLOB NOT NULL, arguments BLOB NOT NULL, nth INTEGER NOT NULL,"
    " ts_ms INTEGER NOT NULL, result BLOB, UNIQUE(session, key, name, arguments, nth));"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, ts_ms INTEGER NOT NULL, session BLOB NOT NULL,"
    " request_id BLOB NOT NULL, tool BLOB NOT NULL, arguments BLOB NOT NULL,"
    " outcome BLOB NOT NULL, duration_ms INTEGER NOT NULL);"
    "CREATE TABLE housekeeping(cleaned_ms INTEGER NOT NULL);"
    "INSERT INTO housekeeping VALUES(0);"
    "PRAGMA user_version=1;";

}  // namespace refhost
