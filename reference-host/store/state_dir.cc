#include "reference-host/store/state_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reference-host/store/sqlite_db.h"

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

StoreResult<void> WriteFile(const std::string& path, const std::string& bytes) {
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

StoreResult<void> CreateDatabase(const std::string& path, const char* schema) {
  // Looked at in this order: another process that starts now makes the database before its log.
  const bool has_log = access((path + "-wal").c_str(), F_OK) == 0;
  if (has_log && access(path.c_str(), F_OK) != 0) {
    return tl::unexpected(StoreError{path + ": is missing, but its write-ahead log is there"});
  }
  auto image = MakeDatabaseImage(schema);
  if (!image) return tl::unexpected(image.error());
  const std::string draft = path + ".new-" + std::to_string(getpid());
  unlink(draft.c_str());  // left by a killed process that had this number
  auto written = WriteFile(draft, *image);
  // link() fails if another process was faster, and then its file is as good as ours.
  const bool linked = written && (link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const StoreError error = written ? FileError(path) : written.error();
  unlink(draft.c_str());
  if (!linked) return tl::unexpected(error);
  return {};
}

// Whether the file has fewer pages than its header counts (https://sqlite.org/fileformat2.html).
bool IsShort(const std::string& path, off_t size) {
  unsigned char header[32] = {};
  // Before SQLite opens the file: closing a descriptor of it drops this process's locks on it.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool read = pread(fd, header, sizeof header, 0) == sizeof header;
  close(fd);
  const off_t page_bytes = header[16] << 8 | header[17];
  const off_t pages = off_t{header[28]} << 24 | header[29] << 16 | header[30] << 8 | header[31];
  return read && size < page_bytes * pages;
}

}  // namespace

StoreResult<StateDir> PrepareStateDir(const std::string& dir, const char* schema) {
  if (auto made = MakeDirs(dir); !made) return tl::unexpected(made.error());
  const std::string path = dir + "/state.db";
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return tl::unexpected(FileError(path));
    if (auto created = CreateDatabase(path, schema); !created) {
      return tl::unexpected(created.error());
    }
    return StateDir{path};
  }
  if (!S_ISREG(status.st_mode)) return tl::unexpected(StoreError{path + ": is not a regular file"});
  if (status.st_size == 0) return tl::unexpected(StoreError{path + ": is damaged (empty)"});
  return StateDir{path, IsShort(path, status.st_size)};
}

}  // namespace refhost
