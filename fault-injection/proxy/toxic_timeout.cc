#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::milliseconds;

namespace {

class Timeout : public Toxic {
 public:
  explicit Timeout(const json::object& a) : timeout_(a.at("timeout").as_int64()) {}

  void OnStart(Pipe& pipe) override {
    if (timeout_.count() > 0) pipe.TimerAt(pipe.met() + timeout_);
  }
  void OnData(std::string bytes, Pipe& pipe) override { pipe.Drop(bytes.size()); }
  void OnEnd(End end, Pipe& pipe) override { pipe.DropEnd(std::move(end)); }
  void OnTimer(Pipe& pipe) override { pipe.Cut(false); }

 private:
  milliseconds timeout_;
};

}  // namespace

extern const ToxicType kTimeout;
const ToxicType kTimeout{
    "timeout",
    "Nothing gets through; after `timeout` the connection is closed with FIN. When the toxic goes, "
    "a connection "
    "that lost bytes is closed, another one goes on.",
    {{"timeout", "ms", Kind::kDefault, 0, 0, kDayMs, "0: a black hole until the toxic is removed"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> { return std::make_unique<Timeout>(a); }};

}  // namespace touchstone::proxy
