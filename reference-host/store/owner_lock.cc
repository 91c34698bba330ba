#include "reference-host/store/owner_lock.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace refhost {
namespace {

struct flock ByteAt(int64_t offset) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  return lock;
}

}  // namespace

StoreResult<std::unique_ptr<OwnerLock>> OwnerLock::Take(const std::string& state_dir) {
  const std::string path = state_dir + "/owners.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(StoreError{path + ": " + std::strerror(errno)});
  while (true) {
    int64_t id = 0;
    if (getrandom(&id, sizeof id, 0) != sizeof id) continue;
    id &= (int64_t{1} << 62) - 1;
    if (id == 0) continue;
    // Open file description locks: they work between threads too, and belong to this descriptor
    // alone.
    struct flock lock = ByteAt(id);
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
      return std::unique_ptr<OwnerLock>(new OwnerLock(fd, id));
    if (errno == EAGAIN || errno == EACCES) continue;  // someone has that number already
    const StoreError error{path + ": " + std::strerror(errno)};
    close(fd);
    return tl::unexpected(error);
  }
}

OwnerLock::~OwnerLock() { close(fd_); }

bool OwnerLock::IsAlive(int64_t owner) const {
  if (owner == id_) return true;
  if (owner <= 0) return false;
  struct flock lock = ByteAt(owner);
  // When in doubt it lives: a wait is bounded by the caller's deadline, a second answer is for
  // ever.
  if (fcntl(fd_, F_OFD_GETLK, &lock) != 0) return true;
  return lock.l_type != F_UNLCK;
}

}  // namespace refhost
