#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::milliseconds;

namespace {

class SlowClose : public Toxic {
 public:
  explicit SlowClose(const json::object& a) : delay_(a.at("delay").as_int64()) {}

  void OnData(std::string bytes, Pipe& pipe) override { pipe.SendAt(pipe.now(), std::move(bytes)); }
  void OnEnd(End end, Pipe& pipe) override { pipe.EndAt(pipe.now() + delay_, std::move(end)); }

 private:
  milliseconds delay_;
};

}  // namespace

extern const ToxicType kSlowClose;
const ToxicType kSlowClose{
    "slow_close",
    "Bytes pass at once; the end (FIN or RST) comes later by `delay`.",
    {{"delay", "ms", Kind::kDefault, 0, 0, kDayMs, "the delay"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> { return std::make_unique<SlowClose>(a); }};

}  // namespace touchstone::proxy
