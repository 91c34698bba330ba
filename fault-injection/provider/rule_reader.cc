#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace json = boost::json;

std::string RuleReader::String(const json::value& value, const std::string& path) {
  if (value.is_string()) return std::string(value.get_string());
  Wrong(path, "a string", value);
  return "";
}

std::string RuleReader::NonEmpty(const json::value& value, const std::string& path) {
  if (value.is_string() && !value.get_string().empty()) return std::string(value.get_string());
  Wrong(path, "a string that is not empty", value);
  return "";
}

std::string RuleReader::HeaderValue(const json::value& value, const std::string& path) {
  if (value.is_string() && IsHeaderValue(value.get_string())) {
    return std::string(value.get_string());
  }
  Wrong(path, "a string without CR, LF and NUL", value);
  return "";
}

std::int64_t RuleReader::Integer(const json::value& value, const std::string& path,
                                 std::int64_t low, std::int64_t high) {
  boost::system::error_code inexact;
  const auto number = value.is_number() && !value.is_double()
                          ? value.to_number<std::int64_t>(inexact)
                          : (inexact = json::error::not_number, low);
  if (!inexact && number >= low && number <= high) return number;
  Wrong(path,
        high == std::numeric_limits<std::int64_t>::max()
            ? fmt::format("an integer of at least {}", low)
            : fmt::format("an integer from {} to {}", low, high),
        value);
  return low;
}

double RuleReader::Number(const json::value& value, const std::string& path, double low,
                          double high) {
  const double number = value.is_number() ? value.to_number<double>() : low - 1;
  if (number >= low && number <= high) return number;
  Wrong(path, fmt::format("a number from {} to {}", low, high), value);
  return low;
}

bool RuleReader::Boolean(const json::value& value, const std::string& path) {
  if (value.is_bool()) return value.get_bool();
  Wrong(path, "true or false", value);
  return false;
}

}  // namespace touchstone::provider
