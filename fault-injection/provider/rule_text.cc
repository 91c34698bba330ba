#include "fault-injection/provider/rule_text.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace touchstone::provider {

namespace json = boost::json;

std::string Describe(const json::value& value) {
  std::string text = json::serialize(value);
  if (text.size() > 60) text = text.substr(0, 60) + "…";
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::object:
      return "the object " + text;
    case json::kind::array:
      return "the list " + text;
    case json::kind::string:
      return "the string " + text;
    case json::kind::bool_:
      return text;
    default:
      return "the number " + text;
  }
}

bool IsToken(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool IsHeaderValue(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace touchstone::provider
