#include <cstdlib>
#include <memory>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/frame.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

constexpr char kNoRequest[] = "{";

// What a defect must know of the host's configuration.
std::size_t LimitOf(const Launch& launch) {
  const auto found = launch.environment.find("ZENE_MAX_REQUEST_BYTES");
  const long limit = found == launch.environment.end() ? 0 : std::atol(found->second.c_str());
  return limit > 0 ? static_cast<std::size_t>(limit) : 1 << 20;
}

using Limit = std::shared_ptr<std::size_t>;

// A defect that depends on the limit.
template <typename Make>
Tampering Limited(Make make) {
  const auto limit = std::make_shared<std::size_t>(0);
  Tampering tampering = make(limit);
  tampering.launch = [limit](Launch& launch) { *limit = LimitOf(launch); };
  return tampering;
}

// Refuses lines that are too long by this measure.
Tampering Refuses(bool (*too_long)(std::string_view line, std::size_t limit)) {
  return Limited([too_long](const Limit& limit) {
    return RequestLines([too_long, limit](const std::string& line) {
      return too_long(line, *limit) ? std::string(kNoRequest) : line;
    });
  });
}

Tampering LimitIsOneMore() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    launch.environment["ZENE_MAX_REQUEST_BYTES"] = std::to_string(LimitOf(launch) + 1);
  };
  return tampering;
}

Tampering KeepsTheEndlessLine() {
  Tampering tampering;
  tampering.bytes = [line = std::string()](std::string_view chunk, Wire& wire) mutable {
    line.append(chunk);
    if (chunk.find('\n') != chunk.npos) line.clear();
    wire.ToHost(chunk);
  };
  return tampering;
}

Tampering WaitsForTheLf() {
  Tampering tampering;
  tampering.bytes = [held = std::string()](std::string_view chunk, Wire& wire) mutable {
    held.append(chunk);
    const auto end = chunk.empty() ? held.size() : held.rfind('\n') + 1;
    wire.ToHost(held.substr(0, end));
    held.erase(0, end);
  };
  return tampering;
}

// After the refusal the line counts as over: what follows in it is the next.
Tampering RestOfALongLineIsTheNext() {
  return Limited([](const Limit& limit) {
    Tampering tampering;
    tampering.bytes = [limit, size = std::size_t{0}](std::string_view chunk, Wire& wire) mutable {
      const auto lf = chunk.rfind('\n');
      size = lf == chunk.npos ? size + chunk.size() : chunk.size() - lf - 1;
      wire.ToHost(chunk);
      if (size > *limit) wire.ToHost("\n");
      if (size > *limit) size = 0;
    };
    return tampering;
  });
}

}  // namespace

std::vector<Defect> LimitDefects() {
  return {
      {"limit-counts-from-zero",
       "FRAME-08",
       Subtlety::kRare,
       "A line of exactly the limit is refused.",
       [] { return Refuses([](auto line, auto limit) { return line.size() >= limit; }); },
       {"frame/line-of-exactly-the-limit/smallest*"}},
      {"limit-counts-the-cr",
       "FRAME-08",
       Subtlety::kRare,
       "A line of exactly the limit that ends with CR LF is refused: the CR is counted.",
       [] { return Refuses([](auto line, auto limit) { return line.size() > limit; }); },
       {"frame/line-of-exactly-the-limit/smallest-crlf*"}},
      {"limit-counts-characters",
       "FRAME-08",
       Subtlety::kSubtle,
       "A line of fewer bytes than the limit is refused when it has many characters beyond ASCII:"
       " they are counted as escaped.",
       [] {
         return Refuses([](auto line, auto limit) {
           std::size_t escaped = line.size();
           for (char c : line) escaped += static_cast<unsigned char>(c) >= 0xc0 ? 4 : 0;
           return escaped > limit;
         });
       },
       {"frame/line-of-exactly-the-limit/*"}},
      {"limit-is-one-more",
       "FRAME-08",
       Subtlety::kRare,
       "One byte over the limit is accepted.",
       LimitIsOneMore,
       {"frame/line-over-the-limit/smallest*"}},
      {"long-line-is-refused-at-its-lf",
       "FRAME-08",
       Subtlety::kSubtle,
       "A line that is too long is refused when its LF comes, not before.",
       WaitsForTheLf,
       {"frame/over-the-limit-before-its-lf*"},
       false},
      {"endless-line-is-kept",
       "FRAME-08",
       Subtlety::kSubtle,
       "A line that was refused for its length is kept in memory until its LF comes.",
       KeepsTheEndlessLine,
       {"frame/endless-line/S", "frame/endless-line"}},
      {"rest-of-a-long-line-is-read",
       "FRAME-08",
       Subtlety::kSubtle,
       "What follows in a line that was too long is taken for the next line.",
       RestOfALongLineIsTheNext,
       {"frame/long-line-is-discarded-to-its-lf*"}},
  };
}

}  // namespace touchstone::defective
