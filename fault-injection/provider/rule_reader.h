// What the readers of rules have in common: keys of objects, checked values, the first error.
// Private to rule*.cc. Used by one thread at a time.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>
#include <string>
#include <string_view>

#include "fault-injection/provider/rule.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

inline constexpr std::int64_t kMaxMs = 24LL * 3600 * 1000;

// Walks depth first. The first error stays; after it the readers do nothing of interest.
class RuleReader {
 public:
  std::optional<RuleError> error;

  template <typename T>
  struct Key {
    std::string_view name;
    void (*read)(RuleReader&, const boost::json::value&, const std::string& path, T&);
  };

  void Fail(const std::string& path, std::string message) {
    if (!error) error = RuleError{path, std::move(message)};
  }
  void Wrong(const std::string& path, std::string_view expected, const boost::json::value& came) {
    Fail(path, fmt::format("expected {}, got {}", expected, Describe(came)));
  }

  // Reads an object that has these keys and no other.
  template <typename T, std::size_t N>
  void Object(const boost::json::value& value, const std::string& path, T& out,
              std::string_view expected, const std::array<Key<T>, N>& keys) {
    if (!value.is_object()) return Wrong(path, expected, value);
    for (const auto& [name, member] : value.get_object()) {
      const std::string_view wanted(name.data(), name.size());
      const auto key =
          std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == wanted; });
      const std::string below = fmt::format("{}.{}", path, wanted);
      if (key == keys.end()) {
        std::string known;
        for (const auto& k : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", k.name);
        return Fail(below, fmt::format("unknown key; known are {}", known));
      }
      key->read(*this, member, below, out);
    }
  }

  std::string String(const boost::json::value& value, const std::string& path);
  std::string NonEmpty(const boost::json::value& value, const std::string& path);
  // A string that can stand in a header.
  std::string HeaderValue(const boost::json::value& value, const std::string& path);
  std::int64_t Integer(const boost::json::value& value, const std::string& path, std::int64_t low,
                       std::int64_t high);
  std::int64_t Count(const boost::json::value& value, const std::string& path, std::int64_t low) {
    return Integer(value, path, low, std::numeric_limits<std::int64_t>::max());
  }
  // An int of at least 1.
  int Positive(const boost::json::value& value, const std::string& path) {
    return static_cast<int>(Integer(value, path, 1, std::numeric_limits<int>::max()));
  }
  // A number, fractions allowed.
  double Number(const boost::json::value& value, const std::string& path, double low, double high);
  bool Boolean(const boost::json::value& value, const std::string& path);
};

// Each reads one value of a rule.
void ReadMatch(RuleReader& reader, const boost::json::value& value, const std::string& path,
               Rule& rule);
void ReadRespond(RuleReader& reader, const boost::json::value& value, const std::string& path,
                 Rule& rule);
void ReadWait(RuleReader& reader, const boost::json::value& value, const std::string& path,
              Wait& wait);
void ReadDrip(RuleReader& reader, const boost::json::value& value, const std::string& path,
              Respond& respond);
void ReadCutUtf8(RuleReader& reader, const boost::json::value& value, const std::string& path,
                 Respond& respond);
// Keys that cannot all be true of one answer.
void CheckTogether(RuleReader& reader, const boost::json::object& keys, const std::string& path,
                   const Respond& respond);
// Rules that no call can reach.
void CheckReach(RuleReader& reader, const std::vector<Rule>& rules);
void ReadBody(RuleReader& reader, const boost::json::value& value, const std::string& path,
              Respond& respond);

}  // namespace touchstone::provider
