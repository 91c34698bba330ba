#include "reference-host/stdio/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace refhost {
namespace {

constexpr size_t kMax = 100;

class LineReaderTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe2(fds_, O_CLOEXEC), 0); }
  void TearDown() override {
    Close();
    close(fds_[0]);
  }
  void Write(const std::string& bytes) {
    ASSERT_EQ(write(fds_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void Close() {
    if (fds_[1] >= 0) close(fds_[1]);
    fds_[1] = -1;
  }
  ReadEvent Next() { return reader().Next(Now() + std::chrono::seconds(5)); }
  LineReader& reader() {
    if (!reader_) reader_ = std::make_unique<LineReader>(fds_[0], kMax, -1);
    return *reader_;
  }

  int fds_[2];
  std::unique_ptr<LineReader> reader_;
};

TEST_F(LineReaderTest, SplitsLinesAndDropsOneCr) {
  Write("a\r\n\nb\r\r\nlast");
  Close();
  for (const char* expected : {"a", "", "b\r", "last"}) {
    ASSERT_EQ(Next(), ReadEvent::kLine);
    EXPECT_EQ(reader().line(), expected);
  }
  EXPECT_EQ(Next(), ReadEvent::kEnd);
}

TEST_F(LineReaderTest, ExactLimitWithCrLfIsALine) {
  Write(std::string(kMax, 'x') + "\r\n" + std::string(kMax, 'y') + "\n");
  EXPECT_EQ(Next(), ReadEvent::kLine);
  EXPECT_EQ(reader().line().size(), kMax);
  EXPECT_EQ(Next(), ReadEvent::kLine);
}

TEST_F(LineReaderTest, TooLongIsReportedBeforeItsEndAndOnce) {
  Write(std::string(kMax + 1, 'x'));
  EXPECT_EQ(Next(), ReadEvent::kTooLong);
  Write(std::string(10 * kMax, 'x') + "\nnext\n");
  EXPECT_EQ(Next(), ReadEvent::kLine);
  EXPECT_EQ(reader().line(), "next");
  Write(std::string(kMax + 1, 'x') + "\nafter\n");
  EXPECT_EQ(Next(), ReadEvent::kTooLong);
  EXPECT_EQ(Next(), ReadEvent::kLine);
  EXPECT_EQ(reader().line(), "after");
}

TEST_F(LineReaderTest, CrAtTheLimitIsJudgedByWhatFollows) {
  Write(std::string(kMax, 'x') + "\r");
  EXPECT_EQ(reader().Next(Now() + Milliseconds(20)), ReadEvent::kTimedOut);
  Write("y");
  EXPECT_EQ(Next(), ReadEvent::kTooLong);
}

TEST_F(LineReaderTest, OneByteAtATime) {
  std::jthread writer([this] {
    for (char c : std::string("hello\nworld\n")) Write(std::string(1, c));
  });
  EXPECT_EQ(Next(), ReadEvent::kLine);
  EXPECT_EQ(reader().line(), "hello");
  EXPECT_EQ(Next(), ReadEvent::kLine);
  EXPECT_EQ(reader().line(), "world");
}

}  // namespace
}  // namespace refhost
