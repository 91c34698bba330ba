#include "reference-host/store/state_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reference-host/store/empty_database.h"
#include "reference-host/store/schema.h"

namespace refhost {
namespace {

StoreError FileError(const std::string& path) { return {path + ": " + std::strerror(errno)}; }

StoreResult<void> MakeDirs(const std::string& dir) {
  if (mkdir(dir.c_str(), 0700) == 0 || errno == EEXIST) {
    struct stat status;
    if (stat(dir.c_str(), &status) != 0) return tl::unexpected(FileError(dir));
    if (!S_ISDIR(status.st_mode)) return tl::unexpected(StoreError{dir + ": is not a directory"});
    return {};
  }
  const size_t slash = dir.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) {
    return tl::unexpected(FileError(dir));
  }
  if (auto parent = MakeDirs(dir.substr(0, slash)); !parent) return parent;
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return tl::unexpected(FileError(dir));
  return {};
}

StoreResult<void> WriteFile(const std::string& path, std::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(FileError(path));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = write(fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const StoreError error = FileError(path);
      close(fd);
      return tl::unexpected(error);
    }
    done += static_cast<size_t>(count);
  }
  close(fd);
  return {};
}

StoreResult<void> CreateDatabase(const std::string& path) {
  const std::string draft = path + ".new-" + std::to_string(getpid());
  unlink(draft.c_str());  // left by a killed process that had this number
  auto written =
      WriteFile(draft, {reinterpret_cast<const char*>(kEmptyDatabase), kEmptyDatabaseBytes});
  // link() fails if another process was faster, and then its file is as good as ours.
  const bool linked = written && (link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const StoreError error = written ? FileError(path) : written.error();
  unlink(draft.c_str());
  if (!linked) return tl::unexpected(error);
  return {};
}

// Before SQLite opens the file: closing a descriptor of it drops this process's locks on it.
// (https://sqlite.org/fileformat2.html)
StoreResult<StateDir> LookAtHeader(const std::string& path, off_t size) {
  unsigned char header[32] = {};
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(FileError(path));
  const bool read = pread(fd, header, sizeof header, 0) == sizeof header;
  close(fd);
  // SQLite itself would look at the copy of the first page in the log, if there is one.
  if (!read || std::memcmp(header, "SQLite format 3", 16) != 0) {
    return tl::unexpected(StoreError{path + ": is damaged (it is not a database)"});
  }
  const off_t page_bytes = header[16] << 8 | header[17];
  const off_t pages = off_t{header[28]} << 24 | header[29] << 16 | header[30] << 8 | header[31];
  return StateDir{path, size < page_bytes * pages};
}

}  // namespace

StoreResult<std::optional<StateDir>> FindStateDir(const std::string& dir) {
  const std::string path = dir + "/state.db";
  // Looked at in this order: another process that starts now makes the database before its log.
  const bool has_log = access((path + "-wal").c_str(), F_OK) == 0;
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return tl::unexpected(FileError(path));
    if (!has_log) return std::optional<StateDir>();
    return tl::unexpected(StoreError{path + ": is missing, but its write-ahead log is there"});
  }
  if (!S_ISREG(status.st_mode)) return tl::unexpected(StoreError{path + ": is not a regular file"});
  if (status.st_size == 0) return tl::unexpected(StoreError{path + ": is damaged (empty)"});
  auto state = LookAtHeader(path, status.st_size);
  if (!state) return tl::unexpected(state.error());
  return std::optional<StateDir>(*state);
}

StoreResult<StateDir> PrepareStateDir(const std::string& dir) {
  if (auto made = MakeDirs(dir); !made) return tl::unexpected(made.error());
  auto found = FindStateDir(dir);
  if (!found) return tl::unexpected(found.error());
  if (*found) return **found;
  const std::string path = dir + "/state.db";
  if (auto created = CreateDatabase(path); !created) return tl::unexpected(created.error());
  return StateDir{path};
}

StoreResult<void> CheckSchema(SqliteDb& db, const StateDir& state) {
  const std::string& path = state.database;
  {
    Cursor cursor = db.Query("PRAGMA user_version");
    auto row = cursor.Next();
    if (!row) return tl::unexpected(StoreError{path + ": " + row.error().message});
    const int64_t version = cursor.Int(0);
    if (version != kSchemaVersion) {
      const std::string why = version > kSchemaVersion
                                  ? "written by a newer version of this program"
                                  : "not a state database of this program";
      return tl::unexpected(StoreError{path + ": " + why + " (schema " + std::to_string(version) +
                                       ", expected " + std::to_string(kSchemaVersion) + ")"});
    }
  }
  if (!state.needs_check) return {};
  Cursor cursor = db.Query("PRAGMA quick_check(1)");
  auto row = cursor.Next();
  if (!row) return tl::unexpected(StoreError{path + ": " + row.error().message});
  if (cursor.Text(0) == "ok") return {};
  return tl::unexpected(StoreError{path + ": is damaged (pages are missing)"});
}

}  // namespace refhost
