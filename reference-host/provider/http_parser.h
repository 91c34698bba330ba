// The syntax of an HTTP/1.1 response: bytes in, head and body out. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace refhost {

struct HttpHead {
  int status = 0;
  bool chunked = false;
  std::optional<size_t> content_length;
  std::string retry_after;
};

// `text` is everything before the empty line. Nothing if it is no HTTP/1.x response head, or one
// whose length is ambiguous.
std::optional<HttpHead> ParseHttpHead(std::string_view text);

// Undoes chunked transfer coding, whatever the pieces in which it arrives.
class ChunkDecoder {
 public:
  enum class State { kSize, kData, kDataCr, kDataLf, kTrailer, kDone, kBroken };

  // Appends the data in `bytes` to `body`. Bytes after the end are ignored.
  void Feed(std::string_view bytes, std::string& body);
  State state() const { return state_; }

 private:
  void TakeSizeLine();

  State state_ = State::kSize;
  std::string line_;
  size_t left_ = 0;
};

}  // namespace refhost
