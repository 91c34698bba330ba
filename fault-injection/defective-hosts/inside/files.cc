// Files that others can read, and writes whose failure goes unnoticed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault-injection/defective-hosts/inside/inside.h"

namespace touchstone::inside {
namespace {

const char* ending = "";

bool EndsAsChosen(const char* path) {
  const size_t size = ::strlen(path), wanted = ::strlen(ending);
  return size >= wanted && ::strcmp(path + size - wanted, ending) == 0;
}

bool IsRegular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// With an argument: only files whose name ends so.
void ReadableFiles(const char* argument) {
  static char kept[64];
  ::strncpy(kept, argument, sizeof kept - 1);
  ending = kept;
  calls.openat = [](int dir, const char* path, int flags, mode_t mode) {
    const int fd = Real().openat(dir, path, flags, mode);
    if (fd >= 0 && (flags & O_CREAT) != 0 && EndsAsChosen(path) && IsRegular(fd))
      Real().fchmod(fd, 0644);
    return fd;
  };
  calls.fchmod = [](int fd, mode_t mode) {
    char link[64], path[512] = "";
    ::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = ::readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    return Real().fchmod(fd, EndsAsChosen(path) ? mode | 0044 : mode);
  };
}

void ReadableFolders(const char*) {
  calls.mkdirat = [](int dir, const char* path, mode_t) {
    const int result = Real().mkdirat(dir, path, 0755);
    if (result == 0) ::fchmodat(dir, path, 0755, 0);
    return result;
  };
}

bool DiskTakesNoMore() { return errno == EFBIG || errno == ENOSPC || errno == EDQUOT; }

void IgnoreFullDisk(const char*) {
  calls.pwrite = [](int fd, const void* bytes, size_t size, off_t at) {
    const ssize_t n = Real().pwrite(fd, bytes, size, at);
    return n < 0 && DiskTakesNoMore() ? static_cast<ssize_t>(size) : n;
  };
  calls.write = [](int fd, const void* bytes, size_t size) {
    const ssize_t n = Real().write(fd, bytes, size);
    return n < 0 && DiskTakesNoMore() ? static_cast<ssize_t>(size) : n;
  };
  calls.ftruncate = [](int fd, off_t size) {
    const int result = Real().ftruncate(fd, size);
    return result != 0 && DiskTakesNoMore() ? 0 : result;
  };
}

}  // namespace

const Breakage kFiles[] = {{"readable-files", ReadableFiles},
                           {"readable-folders", ReadableFolders},
                           {"ignore-full-disk", IgnoreFullDisk},
                           {nullptr, nullptr}};

}  // namespace touchstone::inside
