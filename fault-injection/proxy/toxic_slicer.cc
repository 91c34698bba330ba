#include <algorithm>
#include <optional>

#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::microseconds;

namespace {

// A long delay and many pieces: the sum must stay a time.
constexpr std::chrono::hours kMostAhead{24 * 365};

class Slicer : public Toxic {
 public:
  explicit Slicer(const json::object& a)
      : average_(a.at("average_size").as_int64()),
        variation_(a.at("size_variation").as_int64()),
        delay_(a.at("delay").as_int64()) {}

  void OnData(std::string bytes, Pipe& pipe) override {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = pipe.chance().Between(average_ - variation_, average_ + variation_);
      std::string piece = bytes.substr(at, static_cast<std::size_t>(size));
      at += piece.size();
      const auto now = pipe.now();
      due_ = due_ ? std::clamp(*due_ + delay_, now, now + kMostAhead) : now;
      pipe.SendAt(*due_, std::move(piece));
    }
  }

 private:
  std::int64_t average_, variation_;
  microseconds delay_;
  std::optional<Clock::time_point> due_;  // of the last piece
};

}  // namespace

extern const ToxicType kSlicer;
const ToxicType kSlicer{
    "slicer",
    "Cuts the bytes into small pieces, each a write of its own.",
    {{"average_size", "bytes", Kind::kRequired, 0, 1, 1'000'000, "of a piece"},
     {"size_variation", "bytes", Kind::kDefault, 0, 0, 999'999,
      "uniform, to both sides; less than `average_size`"},
     {"delay", "µs", Kind::kDefault, 0, 0, kDayMs * 1000, "between two pieces"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> { return std::make_unique<Slicer>(a); },
    [](const json::object& a) -> std::string {
      if (a.at("size_variation").as_int64() < a.at("average_size").as_int64()) return {};
      return "attribute \"size_variation\" of slicer: less than average_size expected";
    }};

}  // namespace touchstone::proxy
