#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;
using Kind = Attribute::Kind;
using std::chrono::milliseconds;

namespace {

// limit_data and cut_after: the same cut, under Toxiproxy's name and with a choice.
class CutAfter : public Toxic {
 public:
  explicit CutAfter(const json::object& a)
      : bytes_(a.contains("bytes") ? a.at("bytes").as_int64() : kMaxBytes),
        ms_(a.contains("ms") ? a.at("ms").as_int64() : -1),
        reset_(a.contains("how") && a.at("how").as_string() == "rst") {}

  void OnStart(Pipe& pipe) override {
    if (ms_ >= 0) pipe.TimerAt(pipe.met() + milliseconds(ms_));
    // The limit was lowered below what has passed. 0 waits for the first byte, as Toxiproxy does.
    if (pipe.passed() > 0 && Left(pipe) == 0) pipe.Cut(reset_);
  }
  void OnData(std::string bytes, Pipe& pipe) override {
    const auto left = Left(pipe);
    if (bytes.size() > left) {
      pipe.Drop(bytes.size() - left);
      bytes.resize(left);
    }
    if (!bytes.empty()) pipe.SendAt(pipe.now(), std::move(bytes));
    if (Left(pipe) == 0) pipe.Cut(reset_);
  }
  void OnTimer(Pipe& pipe) override { pipe.Cut(reset_); }

 private:
  std::size_t Left(const Pipe& pipe) const {
    const auto limit = static_cast<std::uint64_t>(bytes_);
    return pipe.passed() >= limit ? 0 : limit - pipe.passed();
  }
  std::int64_t bytes_, ms_;
  bool reset_;
};

std::unique_ptr<Toxic> Make(const json::object& a) { return std::make_unique<CutAfter>(a); }

}  // namespace

extern const ToxicType kLimitData;
const ToxicType kLimitData{
    "limit_data",
    "After exactly `bytes` the connection is closed with FIN.",
    {{"bytes", "bytes", Kind::kDefault, 0, 0, kMaxBytes, "0: at the first byte"}},
    Make};

extern const ToxicType kCutAfter;
const ToxicType kCutAfter{
    "cut_after",
    "After exactly `bytes`, or `ms` after the toxic met the connection, both sides get a FIN or a "
    "RST. What was "
    "let through before is delivered.",
    {{"bytes", "bytes", Kind::kOptional, 0, 0, kMaxBytes, "this or `ms`"},
     {"ms", "ms", Kind::kOptional, 0, 0, kDayMs, "this or `bytes`"},
     {"how", "", Kind::kDefault, 0, 0, 0, "how the connection ends", {"fin", "rst"}}},
    Make,
    [](const json::object& a) -> std::string {
      if (a.contains("bytes") != a.contains("ms")) return {};
      return "attributes \"bytes\" and \"ms\" of cut_after: exactly one of them expected";
    }};

}  // namespace touchstone::proxy
