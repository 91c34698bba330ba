// Lines from a descriptor, in bounded memory: a line that is too long is reported once, as soon as
// it is, and thrown away as it streams in (FRAME-08).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "reference-host/host/clock.h"

namespace refhost {

enum class ReadEvent { kLine, kTooLong, kEnd, kTimedOut, kStopped };

class LineReader {
 public:
  // `stop_fd` (or -1): when it becomes readable, Next() returns kStopped.
  LineReader(int fd, size_t max_line_bytes, int stop_fd);

  // Waits for a line; its bytes stay in line() until the next call. An unterminated last line
  // counts.
  ReadEvent Next(TimePoint until);

  // Without LF and without a CR before it.
  std::string_view line() const { return line_; }
  // When the last byte of the line was read.
  TimePoint received() const { return received_; }

  // Whether Next() would return at once, with what has been read already.
  bool HasLine() const;

 private:
  enum class Fill { kData, kEnd, kTimedOut, kStopped };
  Fill FillBuffer(TimePoint until);
  bool IsTooLong(size_t length) const;
  ReadEvent TakeLine(size_t end_of_line, size_t next);

  const int fd_;
  const size_t max_;
  const int stop_fd_;
  std::string buffer_;
  size_t begin_ = 0;    // of the line being assembled
  size_t scanned_ = 0;  // no LF before this
  size_t end_ = 0;      // of the bytes read
  bool discarding_ = false;
  bool at_end_ = false;
  std::string_view line_;
  TimePoint received_{};
};

}  // namespace refhost
