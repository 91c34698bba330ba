// A thin, typed skin over one SQLite connection. Text goes in and out as blobs, so that U+0000,
// case and Unicode forms are compared byte for byte. Not thread-safe: one thread at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reference-host/store/store.h"

struct sqlite3;
struct sqlite3_stmt;

// Hands a failure on to the caller.
#define REFHOST_RETURN_IF_ERROR(expression)                                            \
  do {                                                                                 \
    if (auto result_ = (expression); !result_) return tl::unexpected(result_.error()); \
  } while (false)

namespace refhost {

using SqlValue = std::variant<int64_t, std::string_view>;

// One use of a prepared statement; resets it when it goes out of scope.
class Cursor {
 public:
  Cursor(sqlite3* db, sqlite3_stmt* statement, std::initializer_list<SqlValue> values);
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  // True while there is a row, false after the last.
  StoreResult<bool> Next();
  int64_t Int(int column) const;
  std::string Text(int column) const;
  size_t Size(int column) const;  // bytes of a text, without copying it

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
};

class SqliteDb {
 public:
  SqliteDb() = default;
  SqliteDb(const SqliteDb&) = delete;
  SqliteDb& operator=(const SqliteDb&) = delete;
  ~SqliteDb();

  // Opens an existing file for reading and writing. The write-ahead log is copied into the file
  // when it is `checkpoint_pages` long.
  StoreResult<void> Open(const std::string& path, int64_t checkpoint_pages);

  // Runs a statement that is prepared once, on its first use. `sql` must be a string literal: its
  // address is the key.
  Cursor Query(const char* sql, std::initializer_list<SqlValue> values = {});

  // Same, for statements without rows.
  StoreResult<void> Run(const char* sql, std::initializer_list<SqlValue> values = {});

  int64_t ChangedRows() const;  // by the last Run()
  bool InTransaction() const;
  StoreError LastError(std::string_view what) const;

 private:
  sqlite3* db_ = nullptr;
  std::vector<std::pair<const char*, sqlite3_stmt*>> statements_;
};

// The bytes of a fresh database in WAL mode that holds `schema` and nothing else.
StoreResult<std::string> MakeDatabaseImage(const char* schema);

}  // namespace refhost
