#include "fault-injection/provider/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <numeric>

namespace touchstone::provider {

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kFloodBlock = 64u << 10;
constexpr std::size_t kMaxChunk = 64u << 10;

std::string_view Reason(int status) {
  if (status == 529) return "Overloaded";
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) return "Unknown";
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

bool SameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

const std::string* Find(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return SameName(header.first, name); });
  return found == headers.end() ? nullptr : &found->second;
}

// `ours` without those that `theirs` has, then `theirs`.
std::string HeaderText(int status, const Headers& ours, const Headers& theirs) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", status, Reason(status));
  for (const auto& [name, value] : ours) {
    if (Find(theirs, name) == nullptr) text += fmt::format("{}: {}\r\n", name, value);
  }
  for (const auto& [name, value] : theirs) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n";
}

bool HasNoBody(int status) { return status == 204 || status == 304; }

Content Choose(const Respond& respond, const Request& request, const Dialect& dialect, int status) {
  if (respond.body) {
    Content content;
    content.type = "application/json";
    content.pieces = {*respond.body};
    return content;
  }
  if (HasNoBody(status) || status / 100 == 3) return {};
  if (status / 100 == 2) return dialect.Answer(request, respond);
  return dialect.Error(request, status, "");
}

std::size_t TotalSize(const std::vector<std::string>& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& p) { return sum + p.size(); });
}

// The first `size` bytes of the pieces.
void CutTo(std::vector<std::string>& pieces, std::size_t size) {
  for (std::string& piece : pieces) {
    piece.resize(std::min(piece.size(), size));
    size -= piece.size();
  }
  std::erase_if(pieces, [](const std::string& piece) { return piece.empty(); });
}

// What lacks its end: the end marker of a stream, the last byte of a document. An exact body is
// kept.
void TakeEndOff(Content& content) {
  if (content.pieces.empty()) return;
  if (content.streamed) {
    content.pieces.pop_back();
  } else if (!content.pieces.back().empty()) {
    content.pieces.back().pop_back();
  }
}

void AppendChunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;  // it would be the end marker
  out += fmt::format("{:x}\r\n", bytes.size());
  out += bytes;
  out += "\r\n";
}

// An event is a chunk of its own; a body is cut into four chunks or more.
void AppendChunks(std::string& out, const Content& content) {
  for (const std::string_view piece : content.pieces) {
    const std::size_t quarter = (piece.size() + 3) / 4;
    const std::size_t size =
        content.streamed ? piece.size() : std::clamp<std::size_t>(quarter, 1, kMaxChunk);
    for (std::size_t at = 0; at < piece.size(); at += size)
      AppendChunk(out, piece.substr(at, size));
  }
}

Flood MakeFlood(const Content& content, bool chunked) {
  std::string filler;
  while (filler.size() < kFloodBlock) filler += content.filler;
  if (!chunked) return {std::move(filler), kEndlessBytes};
  std::string block;
  AppendChunk(block, filler);
  return {std::move(block), kEndlessBytes};
}

Place FaultPlace(const Respond& respond) {
  return std::max({respond.hang, respond.close, respond.reset});
}

Action FaultAction(const Respond& respond) {
  if (respond.hang != Place::kNone) return Hang{};
  if (respond.close != Place::kNone) return Close{};
  return Reset{};
}

}  // namespace

Script Compile(const Respond& respond, const Request& request, const Dialect& dialect,
               Framing framing) {
  Script script;
  if (respond.hold) script.actions.push_back(Hold{*respond.hold});
  if (respond.delay_ms > 0) {
    script.actions.push_back(Delay{std::chrono::milliseconds(respond.delay_ms)});
  }
  const Place place = FaultPlace(respond);
  if (place == Place::kBeforeHeaders) {
    script.actions.push_back(FaultAction(respond));
    return script;
  }

  script.status = respond.status.value_or(200);
  Content content = Choose(respond, request, dialect, script.status);
  if (respond.content_type) content.type = *respond.content_type;
  if (respond.endless && !respond.body) TakeEndOff(content);
  const std::size_t length = TotalSize(content.pieces);
  const bool chunked = respond.chunked || (content.streamed && !respond.content_length);
  const bool unbounded = respond.endless && !chunked && !respond.content_length;
  bool close = !framing.keep_alive || respond.endless;

  Headers ours;
  if (!content.type.empty()) ours.emplace_back("Content-Type", content.type);
  if (chunked) {
    ours.emplace_back("Transfer-Encoding", "chunked");
  } else if (!unbounded && !(HasNoBody(script.status) && !respond.body)) {
    ours.emplace_back("Content-Length", fmt::to_string(respond.content_length.value_or(length)));
  }
  if (!framing.keep_alive || unbounded) {
    ours.emplace_back("Connection", "close");
  } else if (framing.http_1_0) {
    ours.emplace_back("Connection", "keep-alive");
  }
  ours.insert(ours.end(), content.headers.begin(), content.headers.end());
  const std::string* connection = Find(respond.headers, "connection");
  if (connection != nullptr && SameName(*connection, "close")) close = true;
  if (respond.content_length.value_or(length) != length) close = true;

  Send send{HeaderText(script.status, ours, respond.headers)};
  if (place == Place::kAfterHeaders) content.pieces.clear();
  if (place == Place::kInBody) CutTo(content.pieces, length / 2);
  if (chunked) {
    AppendChunks(send.bytes, content);
    if (place == Place::kNone && !respond.endless) send.bytes += "0\r\n\r\n";
  } else {
    for (const std::string& piece : content.pieces) send.bytes += piece;
  }
  script.actions.push_back(std::move(send));

  if (place != Place::kNone) {
    script.actions.push_back(FaultAction(respond));
  } else {
    if (respond.endless) script.actions.push_back(MakeFlood(content, chunked));
    if (close) script.actions.push_back(Close{});
  }
  return script;
}

Script Plain(int status, const Content& content, Framing framing, bool head) {
  Headers ours;
  if (!content.type.empty()) ours.emplace_back("Content-Type", content.type);
  ours.emplace_back("Content-Length", fmt::to_string(TotalSize(content.pieces)));
  if (!framing.keep_alive) ours.emplace_back("Connection", "close");
  if (framing.keep_alive && framing.http_1_0) ours.emplace_back("Connection", "keep-alive");
  ours.insert(ours.end(), content.headers.begin(), content.headers.end());
  Send send{HeaderText(status, ours, {})};
  for (const std::string& piece : content.pieces) {
    if (!head) send.bytes += piece;
  }
  Script script{status, {}};
  script.actions.push_back(std::move(send));
  if (!framing.keep_alive) script.actions.push_back(Close{});
  return script;
}

}  // namespace touchstone::provider
