#include "reference-host/stdio/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace refhost {
namespace {

constexpr size_t kReadBytes = 64 * 1024;

}  // namespace

LineReader::LineReader(int fd, size_t max_line_bytes, int stop_fd)
    : fd_(fd), max_(max_line_bytes), stop_fd_(stop_fd) {}

ReadEvent LineReader::Next(TimePoint until) {
  while (true) {
    const auto* found = static_cast<const char*>(
        end_ > scanned_ ? std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_) : nullptr);
    if (found) {
      const auto at = static_cast<size_t>(found - buffer_.data());
      if (!discarding_) return TakeLine(at, at + 1);
      discarding_ = false;
      begin_ = scanned_ = at + 1;
      continue;
    }
    scanned_ = end_;
    if (discarding_) {
      begin_ = scanned_ = end_ = 0;
    } else if (IsTooLong(end_ - begin_)) {
      discarding_ = true;
      line_ = {};
      received_ = Now();
      return ReadEvent::kTooLong;
    }
    if (at_end_) {
      if (discarding_ || begin_ == end_) return ReadEvent::kEnd;
      return TakeLine(end_, end_);
    }
    switch (FillBuffer(until)) {
      case Fill::kData:
        break;
      case Fill::kEnd:
        at_end_ = true;
        break;
      case Fill::kTimedOut:
        return ReadEvent::kTimedOut;
      case Fill::kStopped:
        return ReadEvent::kStopped;
    }
  }
}

bool LineReader::HasLine() const {
  return end_ > scanned_ &&
         std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_) != nullptr;
}

// A CR that may belong to a CR LF does not count yet.
bool LineReader::IsTooLong(size_t length) const {
  if (length <= max_) return false;
  return length > max_ + 1 || buffer_[begin_ + length - 1] != '\r';
}

ReadEvent LineReader::TakeLine(size_t end_of_line, size_t next) {
  size_t length = end_of_line - begin_;
  if (length > 0 && next > end_of_line && buffer_[end_of_line - 1] == '\r') --length;
  line_ = std::string_view(buffer_).substr(begin_, length);
  begin_ = scanned_ = next;
  if (line_.size() <= max_) return ReadEvent::kLine;
  line_ = {};
  return ReadEvent::kTooLong;
}

LineReader::Fill LineReader::FillBuffer(TimePoint until) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
    line_ = {};
  }
  if (end_ == 0 && buffer_.size() > 4 * kReadBytes) {
    buffer_ = std::string();  // a long line is no reason to stay large
  }
  if (buffer_.size() < end_ + kReadBytes) {
    // Grows with the line, never beyond what a line may hold.
    const size_t wanted = std::min(std::max(buffer_.size() * 2, kReadBytes), max_ + 2 * kReadBytes);
    buffer_.resize(std::max(wanted, end_ + kReadBytes));
  }
  while (true) {
    const auto left_ns = std::chrono::nanoseconds(until - Now()).count();
    const auto wait_ns = std::max<int64_t>(left_ns, 0);
    const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000), wait_ns % 1'000'000'000};
    pollfd fds[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    const bool forever = until == TimePoint::max();
    const int ready = ppoll(fds, 2, forever ? nullptr : &timeout, nullptr);
    if (ready < 0 && errno == EINTR) continue;
    if (fds[1].revents) return Fill::kStopped;
    if (ready == 0) return Fill::kTimedOut;
    const ssize_t count = read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return Fill::kEnd;
    received_ = Now();
    end_ += static_cast<size_t>(count);
    return Fill::kData;
  }
}

}  // namespace refhost
