#include "fault-injection/proxy/connection_memory.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace touchstone::proxy {
namespace {

class Counting final : public std::pmr::memory_resource {
 public:
  std::size_t used() const { return used_; }

 private:
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    used_ += size;
    return std::pmr::new_delete_resource()->allocate(size, alignment);
  }
  void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
    used_ -= size;
    std::pmr::new_delete_resource()->deallocate(block, size, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::size_t used_ = 0;
};

TEST(ConnectionMemory, GivesACrowdsMemoryBackWhenTheLastOneGoes) {
  Counting source;
  ConnectionMemory memory(&source);
  const std::size_t idle = source.used();
  std::vector<void*> blocks;
  for (int i = 0; i < 3000; ++i) blocks.push_back(memory.allocate(700));
  EXPECT_GE(source.used(), 3000u * 700u);
  while (blocks.size() > 1) {
    memory.deallocate(blocks.back(), 700);
    blocks.pop_back();
  }
  EXPECT_GE(source.used(), 3000u * 700u);
  memory.deallocate(blocks.back(), 700);
  EXPECT_LE(source.used(), idle);
}

TEST(ConnectionMemory, KeepsWhatAFewHadForTheNextOnes) {
  Counting source;
  ConnectionMemory memory(&source);
  void* const one = memory.allocate(700);
  const std::size_t used = source.used();
  memory.deallocate(one, 700);
  EXPECT_EQ(source.used(), used);
}

}  // namespace
}  // namespace touchstone::proxy
