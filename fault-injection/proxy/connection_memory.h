// Memory of one worker's connections, apart from what outlives them. When a crowd of them is gone
// it goes back to the system.
//
// From the common heap it could not: asio keeps what it knows of each descriptor until it ends, and
// hardly a page of the crowd is without a piece of it. Used by the worker's thread alone.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <memory_resource>

namespace touchstone::proxy {

class ConnectionMemory final : public std::pmr::memory_resource {
 public:
  // `source` gives the pool its pages.
  explicit ConnectionMemory(std::pmr::memory_resource* source = std::pmr::new_delete_resource())
      : pool_(source) {}

 private:
  static constexpr std::size_t kCrowd = 1 << 20;  // bytes; fewer are kept for those to come

  void* do_allocate(std::size_t size, std::size_t alignment) override {
    void* const block = pool_.allocate(size, alignment);
    used_ += size;
    most_ = std::max(most_, used_);
    return block;
  }

  void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
    pool_.deallocate(block, size, alignment);
    used_ -= size;
    if (used_ > 0 || most_ < kCrowd) return;
    most_ = 0;
    pool_.release();
    ::malloc_trim(0);  // it has the pool's pages now, and would keep them
  }

  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::unsynchronized_pool_resource pool_;
  std::size_t used_ = 0, most_ = 0;
};

}  // namespace touchstone::proxy
