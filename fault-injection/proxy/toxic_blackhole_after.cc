#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::milliseconds;

namespace {

class BlackholeAfter : public Toxic {
 public:
  explicit BlackholeAfter(const json::object& a)
      : bytes_(a.contains("bytes") ? a.at("bytes").as_int64() : kMaxBytes),
        ms_(a.contains("ms") ? a.at("ms").as_int64() : kDayMs * 365) {}

  void OnData(std::string bytes, Pipe& pipe) override {
    const std::size_t left = Left(pipe);
    if (bytes.size() > left) {
      pipe.Drop(bytes.size() - left);
      bytes.resize(left);
    }
    if (!bytes.empty()) pipe.SendAt(pipe.now(), std::move(bytes));
  }
  void OnEnd(End end, Pipe& pipe) override {
    if (Left(pipe) == 0)
      pipe.DropEnd(std::move(end));
    else
      pipe.EndAt(pipe.now(), std::move(end));
  }

 private:
  std::size_t Left(const Pipe& pipe) const {
    if (pipe.now() >= pipe.met() + milliseconds(ms_)) return 0;
    const auto limit = static_cast<std::uint64_t>(bytes_);
    return pipe.passed() >= limit ? 0 : limit - pipe.passed();
  }
  std::int64_t bytes_, ms_;
};

}  // namespace

extern const ToxicType kBlackholeAfter;
const ToxicType kBlackholeAfter{
    "blackhole_after",
    "After exactly `bytes`, or `ms` after the toxic met the connection, everything, the end "
    "included, is "
    "swallowed, and the connection stays open.",
    {{"bytes", "bytes", Kind::kOptional, 0, 0, kMaxBytes, "this or `ms`"},
     {"ms", "ms", Kind::kOptional, 0, 0, kDayMs, "this or `bytes`"}},
    [](const json::object& a) -> std::unique_ptr<Toxic> {
      return std::make_unique<BlackholeAfter>(a);
    },
    [](const json::object& a) -> std::string {
      if (a.contains("bytes") != a.contains("ms")) return {};
      return "attributes \"bytes\" and \"ms\" of blackhole_after: exactly one of them expected";
    }};

}  // namespace touchstone::proxy
