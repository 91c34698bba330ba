#include "reference-host/store/work_dirs.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace refhost {
namespace {

std::string Hex(const unsigned char* bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < size; ++i) {
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

std::vector<std::string> NamesIn(int dir_fd) {
  std::vector<std::string> names;
  const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = fd < 0 ? nullptr : fdopendir(fd);
  if (!dir) return names;
  while (const dirent* entry = readdir(dir)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) {
      names.push_back(entry->d_name);
    }
  }
  closedir(dir);
  return names;
}

// False when time has run out, or something cannot be removed.
bool RemoveTree(int dir_fd, const std::string& name, TimePoint until, int depth) {
  constexpr int kMaxDepth = 512;  // each level holds a descriptor
  if (unlinkat(dir_fd, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR && errno != EPERM) return false;
  if (depth > kMaxDepth) return false;
  fchmodat(dir_fd, name.c_str(), 0700, 0);
  const int fd = openat(dir_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  bool all = true;
  for (const auto& inner : NamesIn(fd)) {
    if (Now() >= until) all = false;
    if (!all) break;
    all = RemoveTree(fd, inner, until, depth + 1);
  }
  close(fd);
  return all && (unlinkat(dir_fd, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT);
}

}  // namespace

std::string WorkDirName(std::string_view session_id) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(session_id.data()), session_id.size(), digest);
  return Hex(digest, sizeof digest);
}

StoreResult<int> OpenWorkDir(const std::string& state_dir, std::string_view session_id) {
  const std::string work = state_dir + "/work";
  const std::string path = work + "/" + WorkDirName(session_id);
  mkdir(work.c_str(), 0700);
  mkdir(path.c_str(), 0700);
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(StoreError{path + ": " + std::strerror(errno)});
  return fd;
}

void RetireWorkDir(const std::string& state_dir, const std::string& name) {
  const std::string path = state_dir + "/work/" + name;
  if (access(path.c_str(), F_OK) != 0) return;
  unsigned char random[8] = {};
  (void)getrandom(random, sizeof random, 0);
  const std::string trash = state_dir + "/trash";
  mkdir(trash.c_str(), 0700);
  (void)rename(path.c_str(), (trash + "/" + Hex(random, sizeof random)).c_str());
}

std::set<std::string> ListWorkDirs(const std::string& state_dir) {
  const int fd = open((state_dir + "/work").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {};
  const auto names = NamesIn(fd);
  close(fd);
  return {names.begin(), names.end()};
}

void EmptyTrash(const std::string& state_dir, TimePoint until) {
  const int fd = open((state_dir + "/trash").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  for (const auto& name : NamesIn(fd)) {
    if (Now() >= until) break;
    RemoveTree(fd, name, until, 0);
  }
  close(fd);
}

}  // namespace refhost
