#include "reference-host/provider/http_parser.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace refhost {
namespace {

constexpr size_t kMaxLine = 8192;

bool SameNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Strip(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

template <typename T>
std::optional<T> Number(std::string_view text, int base = 10) {
  T value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool TakeHeader(std::string_view line, HttpHead& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Strip(line.substr(colon + 1));
  if (SameNoCase(name, "content-length")) {
    const auto length = Number<size_t>(value);
    if (!length || (head.content_length && *head.content_length != *length)) return false;
    head.content_length = length;
  } else if (SameNoCase(name, "transfer-encoding")) {
    if (!SameNoCase(value, "chunked")) return false;
    head.chunked = true;
  } else if (SameNoCase(name, "retry-after")) {
    head.retry_after = value;
  }
  return true;
}

}  // namespace

std::optional<HttpHead> ParseHttpHead(std::string_view text) {
  HttpHead head;
  const size_t end = text.find('\n');
  const std::string_view line = Strip(text.substr(0, end));
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return std::nullopt;
  if (line.size() > 12 && line[12] != ' ') return std::nullopt;
  const auto status = Number<int>(line.substr(9, 3));
  if (!status || *status < 100) return std::nullopt;
  head.status = *status;
  std::string_view rest = end == std::string_view::npos ? "" : text.substr(end + 1);
  while (!rest.empty()) {
    const size_t stop = rest.find('\n');
    const std::string_view header = Strip(rest.substr(0, stop));
    rest.remove_prefix(stop == std::string_view::npos ? rest.size() : stop + 1);
    if (!header.empty() && !TakeHeader(header, head)) return std::nullopt;
  }
  return head;
}

void ChunkDecoder::TakeSizeLine() {
  const auto size = Number<size_t>(Strip(std::string_view(line_).substr(0, line_.find(';'))), 16);
  line_.clear();
  left_ = size.value_or(0);
  state_ = !size ? State::kBroken : left_ ? State::kData : State::kTrailer;
}

void ChunkDecoder::Feed(std::string_view bytes, std::string& body) {
  while (!bytes.empty() && state_ != State::kDone && state_ != State::kBroken) {
    if (state_ == State::kData) {
      const size_t count = std::min(left_, bytes.size());
      body.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      if (left_ == 0) state_ = State::kDataCr;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    switch (state_) {
      case State::kDataCr:
        state_ = c == '\r' ? State::kDataLf : State::kBroken;
        break;
      case State::kDataLf:
        state_ = c == '\n' ? State::kSize : State::kBroken;
        break;
      case State::kSize:
        if (c == '\n') {
          TakeSizeLine();
        } else if (line_.size() < kMaxLine) {
          line_ += c;
        } else {
          state_ = State::kBroken;
        }
        break;
      case State::kTrailer:
        if (c == '\n') {
          if (Strip(line_).empty()) state_ = State::kDone;
          line_.clear();
        } else if (line_.size() < kMaxLine) {
          line_ += c;
        } else {
          state_ = State::kBroken;
        }
        break;
      default:
        state_ = State::kBroken;
    }
  }
}

}  // namespace refhost
