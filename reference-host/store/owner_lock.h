// Tells living processes from dead ones. Every process that shares a state directory holds a lock
// on one byte of `owners.lock`, at an offset of its own; the kernel drops it the moment the process
// dies, by whatever means, and no file ever has to be cleaned up. All processes of a state
// directory run on one kernel (SQLite's log asks for that too), so a lock that is held also says
// that its owner's clock is ours.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "reference-host/store/store.h"

namespace refhost {

class OwnerLock {
 public:
  static StoreResult<std::unique_ptr<OwnerLock>> Take(const std::string& state_dir);
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;
  ~OwnerLock();

  int64_t id() const { return id_; }  // random, positive
  bool IsAlive(int64_t owner) const;

 private:
  OwnerLock(int fd, int64_t id) : fd_(fd), id_(id) {}
  int fd_;
  int64_t id_;
};

}  // namespace refhost
