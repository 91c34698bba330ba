#include "reference-host/tools/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace refhost {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  int Release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

tl::unexpected<std::string> Fail(const std::string& path, int error) {
  if (error == EXDEV || error == ELOOP) {
    return tl::unexpected(path + ": is outside of the work directory");
  }
  return tl::unexpected(path + ": " + std::strerror(error));
}

// A descriptor, or -1 and errno.
int OpenBeneath(int dir_fd, const std::string& path, uint64_t flags, uint64_t mode = 0) {
  constexpr int kTries = 50;
  open_how how{};
  // O_NONBLOCK: a pipe must not hold the host up; it is refused afterwards.
  how.flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int i = 0; i < kTries; ++i) {
    const long fd = syscall(SYS_openat2, dir_fd, path.c_str(), &how, sizeof how);
    // EAGAIN: something was renamed on the way, and the kernel could not vouch for the result.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
  return -1;
}

bool IsRegular(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// Makes the directories that `path` names before its last slash, each beneath what was resolved for
// the ones before it.
void MakeParents(int dir_fd, const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    const size_t last = parent.rfind('/');
    const std::string name = last == std::string::npos ? parent : parent.substr(last + 1);
    if (name.empty() || name == "." || name == "..") continue;
    const std::string above = last == std::string::npos ? "." : parent.substr(0, last + 1);
    const Fd dir(OpenBeneath(dir_fd, above, O_PATH | O_DIRECTORY));
    if (!dir.ok()) return;  // the open that follows says why
    mkdirat(dir.get(), name.c_str(), 0700);
  }
}

}  // namespace

FileResult<FileText> ReadFileBeneath(int dir_fd, const std::string& path, size_t max_bytes) {
  const Fd fd(OpenBeneath(dir_fd, path, O_RDONLY));
  if (!fd.ok()) return Fail(path, errno);
  if (!IsRegular(fd.get())) return tl::unexpected(path + ": is not a regular file");
  FileText text;
  text.bytes.resize(max_bytes + 1);
  size_t size = 0;
  while (size < text.bytes.size()) {
    const ssize_t count = read(fd.get(), text.bytes.data() + size, text.bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(path, errno);
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  text.cut = size > max_bytes;
  text.bytes.resize(std::min(size, max_bytes));
  return text;
}

FileResult<void> WriteFileBeneath(int dir_fd, const std::string& path, const std::string& content) {
  MakeParents(dir_fd, path);
  const Fd fd(OpenBeneath(dir_fd, path, O_WRONLY | O_CREAT, 0600));
  if (!fd.ok()) return Fail(path, errno);
  if (!IsRegular(fd.get())) return tl::unexpected(path + ": is not a regular file");
  if (ftruncate(fd.get(), 0) != 0) return Fail(path, errno);
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = write(fd.get(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Fail(path, errno);
    done += static_cast<size_t>(count);
  }
  return {};
}

FileResult<FileText> ListFilesBeneath(int dir_fd, const std::string& path, size_t max_bytes) {
  constexpr size_t kMaxEntries = 20'000;
  Fd fd(OpenBeneath(dir_fd, path, O_RDONLY | O_DIRECTORY));
  if (!fd.ok()) return Fail(path, errno);
  DIR* dir = fdopendir(fd.get());
  if (!dir) return Fail(path, errno);
  fd.Release();
  std::vector<std::string> names;
  FileText text;
  while (const dirent* entry = readdir(dir)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    text.cut = names.size() >= kMaxEntries;
    if (text.cut) break;
    names.push_back(entry->d_type == DT_DIR ? name + "/" : name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (text.bytes.size() + name.size() + 1 > max_bytes) {
      text.cut = true;
      break;
    }
    text.bytes += name + "\n";
  }
  return text;
}

}  // namespace refhost
