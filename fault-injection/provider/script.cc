#include "fault-injection/provider/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <numeric>
#include <optional>
#include <utility>

#include "fault-injection/provider/draw.h"
#include "fault-injection/provider/mangle.h"

namespace touchstone::provider {

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kFloodBlock = 64u << 10;

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
  text.reserve(1024);  // of which an answer has about 500
  const auto add = [&](const auto& header) {
    text.append(header.first).append(": ").append(header.second).append("\r\n");
  };
  for (const auto& header : ours) {
    if (Find(theirs, header.first) == nullptr) add(header);
  }
  for (const auto& header : theirs) add(header);
  return text.append("\r\n");
}

// What a Retry-After means; nothing for a date, for words and for what is not ahead.
std::optional<std::int64_t> Seconds(std::string_view value) {
  std::int64_t seconds = 0;
  const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (bad != std::errc() || end != value.data() + value.size()) return std::nullopt;
  constexpr std::int64_t kMost = 100 * 365 * 86'400LL;  // a year of four digits
  if (seconds < 0 || seconds > kMost) return std::nullopt;
  return seconds;
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
  const std::string* wait = Find(respond.headers, "retry-after");
  return dialect.Refuse(request, {.status = status,
                                  .kind = respond.error,
                                  .message = "",
                                  .retry_after_s = wait ? Seconds(*wait) : std::nullopt});
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

// What a fault at this place lets out.
void CutAt(Place place, int after_chunks, Content& content) {
  auto& pieces = content.pieces;
  if (place == Place::kAfterHeaders) pieces.clear();
  if (place == Place::kInBody) CutTo(pieces, TotalSize(pieces) / 2);
  if (place == Place::kBeforeEndMarker) TakeEndOff(content);
  if (place == Place::kMidStream && !pieces.empty()) {
    pieces.resize(std::min(pieces.size() - 1, static_cast<std::size_t>(after_chunks)));
  }
}

void AppendChunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;  // it would be the end marker
  out += fmt::format("{:x}\r\n", bytes.size());
  out += bytes;
  out += "\r\n";
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

// Puts the body on the wire: all at once if nothing says otherwise.
class BodyWriter {
 public:
  BodyWriter(const Respond& respond, const Content& content, bool chunked, std::uint64_t draw)
      : respond_(respond), chunked_(chunked), draws_(Mix(draw, 1)) {
    if (respond.pings_ms > 0) Frame(ping_, content.filler);
  }

  // The header comes first, then the pieces, then the end of a chunked body if there is one.
  void Write(std::vector<Action>& actions, std::string header,
             const std::vector<std::string>& pieces, bool end) {
    Send send{std::move(header)};
    const bool drips = respond_.drip.has_value();
    if (drips || !respond_.first_token_ms.none()) {
      actions.emplace_back(std::exchange(send, {}));
      Pause(actions, respond_.first_token_ms);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0 && !respond_.gap_ms.none()) {
        actions.emplace_back(std::exchange(send, {}));
        Pause(actions, respond_.gap_ms);
      }
      if (respond_.bad_chunk && i == pieces.size() / 2) {
        send.bytes += fmt::format("xyz\r\n{}\r\n", pieces[i]);
      } else {
        Frame(send.bytes, pieces[i]);
      }
    }
    if (end && chunked_) send.bytes += "0\r\n\r\n";
    if (drips) {
      actions.emplace_back(Trickle{std::move(send.bytes),
                                   static_cast<std::size_t>(respond_.drip->bytes),
                                   std::chrono::milliseconds(respond_.drip->every_ms)});
    } else {
      actions.emplace_back(std::move(send));
    }
  }

  // Silence, or pings that mask it.
  Action Silence() const {
    if (ping_.empty()) return Hang{};
    return Trickle{ping_, ping_.size(), std::chrono::milliseconds(respond_.pings_ms), true};
  }

 private:
  void Frame(std::string& out, std::string_view piece) const {
    if (chunked_) {
      AppendChunk(out, piece);
    } else {
      out += piece;
    }
  }

  void Pause(std::vector<Action>& actions, const Wait& wait) {
    std::chrono::microseconds left = wait.Draw(draws_);
    const std::chrono::milliseconds beat(respond_.pings_ms);
    while (!ping_.empty() && left > beat) {
      actions.emplace_back(Delay{beat});
      actions.emplace_back(Send{ping_});
      left -= beat;
    }
    if (left.count() > 0) actions.emplace_back(Delay{left});
  }

  const Respond& respond_;
  const bool chunked_;
  Draws draws_;
  std::string ping_;
};

}  // namespace

Script Compile(const Respond& respond, const Request& request, const Dialect& dialect,
               Framing framing, std::uint64_t draw, std::string_view key) {
  Script script;
  if (respond.hold) script.actions.emplace_back(Hold{*respond.hold});
  if (!respond.delay_ms.none()) {
    Draws draws(Mix(draw, 0));
    script.actions.emplace_back(Delay{respond.delay_ms.Draw(draws)});
  }
  const Place place = FaultPlace(respond);
  if (place == Place::kBeforeHeaders) {
    script.actions.emplace_back(FaultAction(respond));
    return script;
  }

  script.status = respond.error ? dialect.StatusOf(*respond.error) : respond.status.value_or(200);
  Content content = Choose(respond, request, dialect, script.status);
  if (respond.content_type) content.type = *respond.content_type;
  const bool chunked = respond.chunked || respond.bad_chunk || respond.pings_ms > 0 ||
                       (content.streamed && !respond.content_length);
  const bool pieces = chunked || place == Place::kMidStream || !respond.gap_ms.none();
  Mangle(content, respond, request, dialect, key, pieces);
  if (respond.endless && !respond.body) TakeEndOff(content);
  const std::size_t length = TotalSize(content.pieces);
  const bool unbounded = respond.endless && !chunked && !respond.content_length;
  bool close = !framing.keep_alive || respond.endless || respond.bad_chunk;

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

  std::string header = HeaderText(script.status, ours, respond.headers);
  if (place == Place::kInHeaders) {
    header.resize(header.size() / 2);
    content.pieces.clear();
  }
  CutAt(place, respond.after_chunks, content);
  // A clean end is one of HTTP: the chunks end as they should, the stream in them does not.
  const bool clean = place == Place::kBeforeEndMarker && respond.close == place;
  BodyWriter writer(respond, content, chunked, draw);
  writer.Write(script.actions, std::move(header), content.pieces,
               (place == Place::kNone && !respond.endless) || clean);
  if (respond.hang != Place::kNone) {
    script.actions.emplace_back(writer.Silence());
  } else if (place != Place::kNone) {
    script.actions.emplace_back(FaultAction(respond));
  } else {
    if (respond.endless) script.actions.emplace_back(MakeFlood(content, chunked));
    if (close) script.actions.emplace_back(Close{});
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
  script.actions.emplace_back(std::move(send));
  if (!framing.keep_alive) script.actions.emplace_back(Close{});
  return script;
}

}  // namespace touchstone::provider
