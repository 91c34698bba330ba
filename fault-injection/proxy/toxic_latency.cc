#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::milliseconds;

namespace {

class Latency : public Toxic {
 public:
  explicit Latency(const json::object& a)
      : latency_(a.at("latency").as_int64()), jitter_(a.at("jitter").as_int64()) {}

  void OnData(std::string bytes, Pipe& pipe) override { pipe.SendAt(Due(pipe), std::move(bytes)); }
  void OnEnd(End end, Pipe& pipe) override { pipe.EndAt(Due(pipe), std::move(end)); }

 private:
  Clock::time_point Due(Pipe& pipe) const {
    const auto jitter = jitter_ == 0 ? 0 : pipe.chance().Between(-jitter_, jitter_);
    return pipe.now() + milliseconds(latency_ + jitter);
  }
  std::int64_t latency_, jitter_;
};

}  // namespace

extern const ToxicType kLatency;
const ToxicType kLatency{
    "latency",
    "Everything, the end included, comes later by `latency` ± `jitter`; order is kept.",
    {{"latency", "ms", Kind::kDefault, 0, 0, kDayMs, "the delay"},
     {"jitter", "ms", Kind::kDefault, 0, 0, kDayMs, "uniform, to both sides of `latency`"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> { return std::make_unique<Latency>(a); }};

}  // namespace touchstone::proxy
