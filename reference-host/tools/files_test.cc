#include "reference-host/tools/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace refhost {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    char name[] = "/tmp/refhost-files-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directories(root_ + "/work/dir");
    fs::create_directories(root_ + "/outside");
    std::ofstream(root_ + "/outside/secret") << "secret";
    std::ofstream(root_ + "/work/dir/secret") << "inside";
    fd_ = open((root_ + "/work").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  ~FilesTest() override {
    close(fd_);
    fs::remove_all(root_);
  }
  std::string root_;
  int fd_ = -1;
};

TEST_F(FilesTest, NoPathLeadsOutside) {
  fs::create_symlink(root_ + "/outside", root_ + "/work/absolute");
  fs::create_symlink("../outside", root_ + "/work/relative");
  fs::create_symlink(root_ + "/outside/secret", root_ + "/work/file");
  fs::create_symlink("/proc/self/root", root_ + "/work/magic");
  const std::vector<std::string> paths = {"../outside/secret",
                                          root_ + "/outside/secret",
                                          "absolute/secret",
                                          "relative/secret",
                                          "file",
                                          "magic" + root_ + "/outside/secret",
                                          "dir/../../outside/secret",
                                          "/proc/self/environ"};
  for (const auto& path : paths) {
    EXPECT_FALSE(ReadFileBeneath(fd_, path, 100)) << path;
    EXPECT_FALSE(WriteFileBeneath(fd_, path, "x")) << path;
  }
  for (const char* path : {"..", "../outside", "absolute", "relative", "magic", "/", "dir/../.."}) {
    EXPECT_FALSE(ListFilesBeneath(fd_, path, 100)) << path;
  }
  EXPECT_FALSE(WriteFileBeneath(fd_, "absolute/new", "x"));
  EXPECT_FALSE(WriteFileBeneath(fd_, "relative/sub/new", "x"));
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ + "/outside"), {}), 1);
  std::ifstream secret(root_ + "/outside/secret");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(secret), {}), "secret");
  EXPECT_EQ(ReadFileBeneath(fd_, "dir/../dir/secret", 100)->bytes, "inside");
}

// A check of the path before it is opened would lose this race.
TEST_F(FilesTest, ALinkSwappedInBetweenIsNotFollowed) {
  fs::create_symlink(root_ + "/outside", root_ + "/work/link");
  std::atomic<bool> done{false};
  std::jthread swapper([&] {
    while (!done) renameat2(fd_, "dir", fd_, "link", RENAME_EXCHANGE);
  });
  int inside = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto text = ReadFileBeneath(fd_, "dir/secret", 100);
    if (text) {
      ASSERT_EQ(text->bytes, "inside");
      ++inside;
    }
    (void)WriteFileBeneath(fd_, "dir/sub/new", "x");
  }
  done = true;
  swapper.join();
  EXPECT_GT(inside, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ + "/outside"), {}), 1);
}

TEST_F(FilesTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo((root_ + "/work/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(ReadFileBeneath(fd_, "pipe", 100));
  EXPECT_FALSE(WriteFileBeneath(fd_, "pipe", "x"));
  EXPECT_FALSE(ReadFileBeneath(fd_, "dir", 100));
  EXPECT_FALSE(WriteFileBeneath(fd_, "dir", "x"));
}

TEST_F(FilesTest, WritesReplaceAndMakeDirectories) {
  EXPECT_TRUE(WriteFileBeneath(fd_, "a/b/c.txt", "long text"));
  EXPECT_TRUE(WriteFileBeneath(fd_, "a/b/c.txt", "short"));
  const auto text = ReadFileBeneath(fd_, "a/b/c.txt", 100);
  EXPECT_EQ(text->bytes, "short");
  EXPECT_FALSE(text->cut);
  EXPECT_TRUE(ReadFileBeneath(fd_, "a/b/c.txt", 4)->cut);
  EXPECT_EQ(ListFilesBeneath(fd_, ".", 100)->bytes, "a/\ndir/\n");
  EXPECT_TRUE(ListFilesBeneath(fd_, ".", 5)->cut);
}

}  // namespace
}  // namespace refhost
