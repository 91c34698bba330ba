#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::milliseconds;

namespace {

class ResetPeer : public Toxic {
 public:
  explicit ResetPeer(const json::object& a) : timeout_(a.at("timeout").as_int64()) {}

  void OnStart(Pipe& pipe) override {
    if (timeout_.count() == 0)
      pipe.Cut(true);
    else
      pipe.TimerAt(pipe.met() + timeout_);
  }
  void OnData(std::string bytes, Pipe& pipe) override {
    pipe.SendAt(Pipe::kNever, std::move(bytes));  // comes only if the toxic goes first
  }
  void OnEnd(End end, Pipe& pipe) override { pipe.EndAt(Pipe::kNever, std::move(end)); }
  void OnTimer(Pipe& pipe) override { pipe.Cut(true); }

 private:
  milliseconds timeout_;
};

}  // namespace

extern const ToxicType kResetPeer;
const ToxicType kResetPeer{
    "reset_peer",
    "Both sides get a RST, `timeout` after the toxic met the connection, also one that is idle; "
    "until then "
    "nothing gets through.",
    {{"timeout", "ms", Kind::kDefault, 0, 0, kDayMs, "0: at once"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> { return std::make_unique<ResetPeer>(a); }};

}  // namespace touchstone::proxy
