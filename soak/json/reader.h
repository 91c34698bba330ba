// Reads JSON objects into structs, strictly: the first error stays, with the place where it is.
// Used for mix files, records and summaries. One thread at a time.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::soak {

struct JsonError {
  std::string path;     // "chaos[1].every_s"; "" is the whole
  std::string message;  // what was expected, what came
};

// A value as messages show it: its beginning.
std::string Shown(const boost::json::value& value);

// Each is false when the value is something else; `expected` then says what.
bool ReadValue(const boost::json::value& from, std::string& to, std::string& expected);
bool ReadValue(const boost::json::value& from, double& to, std::string& expected);
bool ReadValue(const boost::json::value& from, int& to, std::string& expected);
bool ReadValue(const boost::json::value& from, std::int64_t& to, std::string& expected);
bool ReadValue(const boost::json::value& from, std::uint64_t& to, std::string& expected);
bool ReadValue(const boost::json::value& from, std::map<std::string, std::int64_t>& to,
               std::string& expected);

class ObjectReader {
 public:
  // The json must be an object. `path` is its place, `error` outlives the reader.
  ObjectReader(const boost::json::value& json, std::string path, std::optional<JsonError>& error);

  // The member must be there and fit; `to` is left alone otherwise.
  template <typename T>
  void Read(std::string_view key, T& to) {
    if (const auto* member = Take(key, true)) Convert(key, *member, to);
  }
  // Left alone when the member is missing.
  template <typename T>
  void ReadIfThere(std::string_view key, T& to) {
    if (const auto* member = Take(key, false)) Convert(key, *member, to);
  }
  // A missing member is nullopt.
  template <typename T>
  void ReadIfThere(std::string_view key, std::optional<T>& to) {
    if (const auto* member = Take(key, false)) Convert(key, *member, to.emplace());
  }
  // A number within bounds.
  template <typename T>
  void ReadWithin(std::string_view key, T low, T high, T& to) {
    ReadIfThere(key, to);
    if (Take(key, false) && !(to >= low && to <= high)) OutOfBounds(key, low, high);
  }
  // The elements of a list, each with its path: fn(value, path).
  template <typename Fn>
  void ForEach(std::string_view key, bool required, Fn fn) {
    const auto* list = Take(key, required);
    if (!list) return;
    if (!list->is_array()) return Wrong(key, "a list", *list);
    int index = 0;
    for (const auto& element : list->get_array()) {
      fn(element, PathOf(key) + "[" + std::to_string(index++) + "]");
    }
  }

  // The member, which then counts as known; null and, if it is required, an error when it is
  // missing.
  const boost::json::value* Take(std::string_view key, bool required);
  // All members that nobody took are errors.
  void RefuseUnknown();
  void Fail(std::string_view key, std::string message);  // "": the object itself
  void Wrong(std::string_view key, std::string_view expected, const boost::json::value& came);
  std::string PathOf(std::string_view key) const;

 private:
  template <typename T>
  void Convert(std::string_view key, const boost::json::value& member, T& to) {
    std::string expected;
    if (!ReadValue(member, to, expected)) Wrong(key, expected, member);
  }
  void OutOfBounds(std::string_view key, double low, double high);

  const boost::json::object* object_ = nullptr;  // null: it was none
  const std::string path_;
  std::optional<JsonError>& error_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace touchstone::soak
