// The parameters of a target, `calls=2&path=*%2Fmessages`, read by name. What a handler has not
// asked for is unknown, so the list of known ones cannot be wrong. For one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/provider/control.h"

namespace touchstone::provider {

// Percent-encoding undone; nullopt for a % without two hex digits.
std::optional<std::string> Decode(std::string_view text, bool plus_is_space);

class ControlQuery {
 public:
  explicit ControlQuery(std::string_view text);

  std::optional<std::string> Text(std::string_view name);
  std::optional<bool> Flag(std::string_view name);  // true or false
  std::optional<std::int64_t> Integer(std::string_view name, std::int64_t low, std::int64_t high);

  void Fail(std::string_view name, std::string_view message);
  // What was wrong, or a parameter that nobody asked for. To be called after all are read.
  std::optional<ControlAnswer> Error() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> known_;
  std::optional<ControlAnswer> error_;
};

}  // namespace touchstone::provider
