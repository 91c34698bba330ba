#include <algorithm>

#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::nanoseconds;

namespace {

// A slice lasts about this long: small enough to look even, large enough not to burn the processor.
constexpr std::int64_t kSliceMs = 20;

class Bandwidth : public Toxic {
 public:
  explicit Bandwidth(const json::object& a) : rate_(a.at("rate").as_int64()) {}

  void OnData(std::string bytes, Pipe& pipe) override {
    free_ = std::max(free_, pipe.now());
    const auto slice = static_cast<std::size_t>(rate_ * kSliceMs);
    for (std::size_t at = 0; at < bytes.size(); at += slice) {
      std::string piece = bytes.substr(at, slice);
      // 1 KB/s is one byte a millisecond. A slice goes when its last byte would be through.
      free_ += nanoseconds(static_cast<std::int64_t>(piece.size()) * 1'000'000 / rate_);
      pipe.SendAt(free_, std::move(piece));
    }
  }

 private:
  std::int64_t rate_;
  Clock::time_point free_{};
};

}  // namespace

extern const ToxicType kBandwidth;
const ToxicType kBandwidth{
    "bandwidth",
    "At most `rate` kilobytes (of 1000 bytes) a second, evenly, for each connection.",
    {{"rate", "KB/s", Kind::kRequired, 0, 1, 10'000'000, "the rate"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> { return std::make_unique<Bandwidth>(a); }};

}  // namespace touchstone::proxy
