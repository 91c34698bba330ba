#include "fault-injection/provider/mangle.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <numeric>

namespace touchstone::provider {

namespace {

constexpr std::size_t kMaxChunk = 64u << 10;
constexpr std::string_view kKeyMark = "${key}";

void QuoteKey(Content& content, std::string_view key) {
  for (std::string& piece : content.pieces) {
    for (std::size_t at = piece.find(kKeyMark); at != std::string::npos;
         at = piece.find(kKeyMark, at + key.size())) {
      piece.replace(at, kKeyMark.size(), key);
    }
  }
}

// The stream breaks off after some chunks with the error as its last event; there is no end marker.
void EndInError(Content& content, const Respond& respond, const Request& request,
                const Dialect& dialect) {
  Content error = dialect.Error(request, *respond.error_event, "");
  if (!content.streamed) {
    content.pieces = std::move(error.pieces);
    return;
  }
  const auto most = static_cast<std::ptrdiff_t>(content.pieces.size()) - 1;
  const std::ptrdiff_t kept = std::clamp<std::ptrdiff_t>(respond.after_chunks, 0, most);
  content.pieces.erase(content.pieces.begin() + kept, content.pieces.end());
  content.pieces.push_back(dialect.ErrorEvent(
      request, {.status = *respond.error_event, .kind = {}, .message = "", .retry_after_s = {}},
      content.pieces.size()));
}

// The middle piece loses its second half; an event still ends with its blank line.
void Break(Content& content) {
  if (content.pieces.empty()) return;
  std::string& piece = content.pieces[content.pieces.size() / 2];
  piece.resize(piece.size() / 2);
  if (content.streamed) piece += "\n\n";
}

bool IsContinuation(char c) { return (c & 0xc0) == 0x80; }

// The first character of several bytes, cut behind its first byte: by a boundary of chunks, or for
// good: the rest of the character is left out.
void CutCharacter(Content& content, CutUtf8 how) {
  for (std::size_t i = 0; i < content.pieces.size(); ++i) {
    const std::string& piece = content.pieces[i];
    const auto inside = std::find_if(piece.begin(), piece.end(), IsContinuation);
    if (inside == piece.end()) continue;
    const auto next =
        how == CutUtf8::kForGood ? std::find_if_not(inside, piece.end(), IsContinuation) : inside;
    std::string first(piece.begin(), inside);
    std::string second(next, piece.end());
    if (how == CutUtf8::kForGood) {
      content.pieces[i] = first + second;
      return;
    }
    content.pieces[i] = std::move(first);
    content.pieces.insert(content.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                          std::move(second));
    return;
  }
}

// A chunk that is not there is passed over.
void Rearrange(Content& content, const Respond& respond) {
  auto& pieces = content.pieces;
  if (respond.swap_chunks > 0 && respond.swap_chunks < static_cast<int>(pieces.size())) {
    const auto at = static_cast<std::size_t>(respond.swap_chunks);
    std::swap(pieces[at - 1], pieces[at]);
  }
  if (respond.duplicate_chunk > 0 && respond.duplicate_chunk <= static_cast<int>(pieces.size())) {
    const std::string copy = pieces[static_cast<std::size_t>(respond.duplicate_chunk) - 1];
    pieces.insert(pieces.begin() + respond.duplicate_chunk, copy);
  }
}

void AppendLittleEndian(std::string& out, std::uint32_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace

std::string Gzip(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  std::string_view rest = bytes;
  do {
    const std::string_view block = rest.substr(0, 0xffff);
    rest.remove_prefix(block.size());
    out += rest.empty() ? '\1' : '\0';
    AppendLittleEndian(out, static_cast<std::uint32_t>(block.size()), 2);
    AppendLittleEndian(out, ~static_cast<std::uint32_t>(block.size()), 2);
    out += block;
  } while (!rest.empty());
  AppendLittleEndian(out, crc.checksum(), 4);
  AppendLittleEndian(out, static_cast<std::uint32_t>(bytes.size()), 4);
  return out;
}

void CutIntoChunks(Content& content) {
  if (content.streamed) return;
  std::vector<std::string> chunks;
  for (const std::string& piece : content.pieces) {
    const std::size_t size = std::clamp<std::size_t>((piece.size() + 3) / 4, 1, kMaxChunk);
    for (std::size_t at = 0; at < piece.size(); at += size)
      chunks.push_back(piece.substr(at, size));
  }
  content.pieces = std::move(chunks);
}

void TakeEndOff(Content& content) {
  if (content.pieces.empty()) return;
  if (content.streamed) {
    content.pieces.pop_back();
  } else if (!content.pieces.back().empty()) {
    content.pieces.back().pop_back();
  }
}

void Mangle(Content& content, const Respond& respond, const Request& request,
            const Dialect& dialect, std::string_view key, bool chunks) {
  if (respond.body) QuoteKey(content, key);
  if (respond.error_event) EndInError(content, respond, request, dialect);
  if (respond.malformed_event) Break(content);
  if (respond.gzip) {
    content.pieces = {
        Gzip(std::accumulate(content.pieces.begin(), content.pieces.end(), std::string()))};
    content.headers.emplace_back("Content-Encoding", "gzip");
    content.streamed = false;
  }
  if (chunks) CutIntoChunks(content);
  Rearrange(content, respond);
  if (respond.cut_utf8 != CutUtf8::kNone) CutCharacter(content, respond.cut_utf8);
}

}  // namespace touchstone::provider
