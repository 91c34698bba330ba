#include "reference-host/store/sqlite_db.h"

#include <sqlite3.h>
#include <time.h>

#include <algorithm>

namespace refhost {
namespace {

constexpr int kBusyTimeoutMs = 5000;

// Writers of other processes are done within a fraction of a millisecond, as a rule: SQLite's own
// handler would sleep longer than that.
int OnBusy(void*, int attempt) {
  const long wait_us = std::min(100L << std::min(attempt, 7), 5000L);
  if (attempt > kBusyTimeoutMs / 5) return 0;
  const timespec pause{0, wait_us * 1000};
  nanosleep(&pause, nullptr);
  return 1;
}

StoreError MakeError(sqlite3* db, std::string_view what) {
  return {std::string(what) + ": " + (db ? sqlite3_errmsg(db) : "out of memory")};
}

}  // namespace

Cursor::Cursor(sqlite3* db, sqlite3_stmt* statement, std::initializer_list<SqlValue> values)
    : db_(db), statement_(statement) {
  int index = 0;
  for (const SqlValue& value : values) {
    ++index;
    if (!statement_) return;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      sqlite3_bind_int64(statement_, index, *number);
    } else {
      const auto text = std::get<std::string_view>(value);
      // A null pointer would bind NULL instead of an empty blob.
      sqlite3_bind_blob64(statement_, index, text.data() ? text.data() : "", text.size(),
                          SQLITE_STATIC);
    }
  }
}

Cursor::~Cursor() {
  if (statement_) sqlite3_reset(statement_);
}

StoreResult<bool> Cursor::Next() {
  if (!statement_) return tl::unexpected(MakeError(db_, "state database"));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(MakeError(db_, "state database"));
}

int64_t Cursor::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Cursor::Text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data ? std::string(data, Size(column)) : std::string();
}

size_t Cursor::Size(int column) const {
  return static_cast<size_t>(sqlite3_column_bytes(statement_, column));
}

SqliteDb::~SqliteDb() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  // A checkpoint here would cost a one-shot more than its run; the next writer does it when it is
  // due.
  if (db_) sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_close(db_);
}

StoreResult<void> SqliteDb::Open(const std::string& path, int64_t checkpoint_pages) {
  static const bool configured = [] {
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return true;
  }();
  (void)configured;
  const int code =
      sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(MakeError(db_, path));
  if (sqlite3_db_readonly(db_, "main") == 1) {
    return tl::unexpected(StoreError{path + ": cannot be written to"});
  }
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_handler(db_, OnBusy, nullptr);
  sqlite3_wal_autocheckpoint(db_, static_cast<int>(checkpoint_pages));
  // What a killed process wrote stays in the page cache; only a power loss would need fsync, and
  // surviving that is not claimed.
  sqlite3_exec(db_, "PRAGMA synchronous=OFF; PRAGMA cache_size=-1024", nullptr, nullptr, nullptr);
  return {};
}

Cursor SqliteDb::Query(const char* sql, std::initializer_list<SqlValue> values) {
  auto found = std::find_if(statements_.begin(), statements_.end(),
                            [&](const auto& entry) { return entry.first == sql; });
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    // One that cannot be prepared (a damaged file) is tried again on the next call.
    if (!statement) return Cursor(db_, nullptr, values);
    statements_.emplace_back(sql, statement);
    found = statements_.end() - 1;
  }
  return Cursor(db_, found->second, values);
}

StoreResult<void> SqliteDb::Run(const char* sql, std::initializer_list<SqlValue> values) {
  Cursor cursor = Query(sql, values);
  auto row = cursor.Next();
  if (!row) return tl::unexpected(row.error());
  return {};
}

int64_t SqliteDb::ChangedRows() const { return sqlite3_changes64(db_); }
bool SqliteDb::InTransaction() const { return db_ && sqlite3_get_autocommit(db_) == 0; }
StoreError SqliteDb::LastError(std::string_view what) const { return MakeError(db_, what); }

StoreResult<std::string> MakeDatabaseImage(const char* schema) {
  sqlite3* db = nullptr;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
      sqlite3_exec(db, schema, nullptr, nullptr, nullptr) != SQLITE_OK) {
    StoreError error = MakeError(db, "state database");
    sqlite3_close(db);
    return tl::unexpected(error);
  }
  sqlite3_int64 size = 0;
  unsigned char* bytes = sqlite3_serialize(db, "main", &size, 0);
  std::string image(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  sqlite3_free(bytes);
  sqlite3_close(db);
  // File format write and read version 2: write-ahead logging
  // (https://sqlite.org/fileformat2.html).
  image[18] = image[19] = 2;
  return image;
}

}  // namespace refhost
