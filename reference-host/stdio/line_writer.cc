#include "reference-host/stdio/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string_view>

namespace refhost {
namespace {

bool WriteBytes(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      // Somebody has made the pipe non-blocking for everyone who shares it.
      pollfd wait{fd, POLLOUT, 0};
      poll(&wait, 1, -1);
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool WriteText(int fd, std::string_view text) { return WriteBytes(fd, text); }

bool WriteLine(int fd, std::string line) {
  line += '\n';
  return WriteBytes(fd, line);
}

LineWriter::LineWriter(int fd, std::function<void()> on_broken)
    : fd_(fd),
      on_broken_(std::move(on_broken)),
      thread_([this](std::stop_token stop) { Loop(stop); }) {}

LineWriter::~LineWriter() = default;

void LineWriter::Push(std::string line) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (broken_) return;
    wake = waiting_.empty() && writing_ == 0 && adopter_.load() != std::this_thread::get_id();
    waiting_ += line;
    waiting_ += '\n';
  }
  if (wake) arrived_.notify_one();
}

void LineWriter::Relay() {
  std::string batch;
  {
    std::lock_guard lock(mutex_);
    if (broken_ || waiting_.empty() || writing_ > 0) return;
    pollfd ready{fd_, POLLOUT, 0};
    // A pipe that is ready takes this much without blocking.
    if (waiting_.size() > PIPE_BUF || poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) {
      arrived_.notify_one();
      return;
    }
    batch.swap(waiting_);
    writing_ = batch.size();
  }
  const bool ok = WriteBytes(fd_, batch);
  {
    std::lock_guard lock(mutex_);
    writing_ = 0;
    broken_ = !ok;
    if (!waiting_.empty()) arrived_.notify_one();
  }
  written_.notify_all();
  if (!ok) on_broken_();
}

void LineWriter::WaitUntilBelow(size_t bytes) {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [&] { return broken_ || waiting_.size() + writing_ <= bytes; });
}

bool LineWriter::IsFuller(size_t bytes) {
  std::lock_guard lock(mutex_);
  return waiting_.size() > bytes;
}

bool LineWriter::IsEmpty() {
  std::lock_guard lock(mutex_);
  return !broken_ && waiting_.size() + writing_ == 0;
}

void LineWriter::Loop(std::stop_token stop) {
  constexpr size_t kKeptCapacity = 256 * 1024;
  std::string batch;
  std::unique_lock lock(mutex_);
  while (true) {
    if (!arrived_.wait(lock, stop, [&] { return !waiting_.empty() && writing_ == 0; })) return;
    if (broken_) return;
    batch.swap(waiting_);
    writing_ = batch.size();
    lock.unlock();
    const bool ok = WriteBytes(fd_, batch);
    batch.clear();
    if (batch.capacity() > kKeptCapacity) batch = std::string();
    lock.lock();
    writing_ = 0;
    if (!ok) {
      broken_ = true;
      waiting_ = std::string();
    }
    written_.notify_all();
    if (!ok) break;
  }
  lock.unlock();
  on_broken_();
}

}  // namespace refhost
