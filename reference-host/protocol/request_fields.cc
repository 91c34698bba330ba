#include "reference-host/protocol/request_fields.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "reference-host/protocol/request.h"

namespace refhost {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(Field::kCount)> kNames = {
    "protocol_version",
    "type",
    "request_id",
    "session_id",
    "ts_ms",
    "prompt",
    "idempotency_key",
    "timeout_ms",
    "stream",
    "metadata",
    "channel_id",
    "agent",
    "target_request_id",
    "cancel_request_id",
};

// Receives the parser's events. Returning false stops the parse: the line is refused by `problem`.
class FieldCollector : public nlohmann::json_sax<nlohmann::json> {
 public:
  RequestFields fields;
  std::string problem;

  bool null() override { return Take(Absent{}); }
  bool boolean(bool value) override { return Take(value); }
  bool number_integer(number_integer_t value) override { return Take(static_cast<int64_t>(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return Take(Other{});
    return Take(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override { return Take(Other{}); }
  bool string(string_t& value) override {
    if (depth_ == 0) return NotAnObject();
    if (depth_ == 1 && current_) {
      fields[*current_] = std::move(value);
      current_.reset();
    }
    return true;
  }
  bool binary(binary_t&) override { return true; }  // cannot occur in JSON text
  bool start_object(size_t) override {
    if (depth_ > 0) Take(Object{});
    return Enter();
  }
  bool start_array(size_t) override { return Take(Other{}) && Enter(); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    current_.reset();
    for (size_t i = 0; i < kNames.size(); ++i) {
      if (name != kNames[i]) continue;
      if (seen_[i]) return Refuse("field \"" + std::string(kNames[i]) + "\" is given twice");
      seen_[i] = true;
      current_ = static_cast<Field>(i);
      break;
    }
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return Refuse("the line is not valid JSON");
  }

 private:
  template <typename Value>
  bool Take(Value value) {
    if (depth_ == 0) return NotAnObject();
    if (depth_ == 1 && current_) {
      fields[*current_] = std::move(value);
      current_.reset();
    }
    return true;
  }
  bool Enter() {
    if (++depth_ > kMaxNesting) return Refuse("the line is nested deeper than 64 levels");
    return true;
  }
  bool Leave() {
    --depth_;
    return true;
  }
  bool NotAnObject() { return Refuse("the line is not a JSON object"); }
  bool Refuse(std::string why) {
    if (problem.empty()) problem = std::move(why);
    return false;
  }

  int depth_ = 0;
  std::optional<Field> current_;
  std::array<bool, static_cast<size_t>(Field::kCount)> seen_{};
};

}  // namespace

tl::expected<RequestFields, BadJson> ReadRequestFields(std::string_view line) {
  FieldCollector collector;
  // The parser takes a raw NUL for the end of its input, and would ignore what follows.
  if (line.find('\0') != std::string_view::npos) {
    return tl::unexpected(BadJson{"the line is not valid JSON", {}});
  }
  if (!nlohmann::json::sax_parse(line.begin(), line.end(), &collector)) {
    return tl::unexpected(BadJson{std::move(collector.problem), std::move(collector.fields)});
  }
  return std::move(collector.fields);
}

}  // namespace refhost
