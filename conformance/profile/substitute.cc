#include "conformance/profile/substitute.h"

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::value;

std::string AsText(const value& v) {
  return v.is_string() ? std::string(v.get_string()) : ToJson(v);
}

}  // namespace

std::string SubstituteText(std::string_view text, const Lookup& lookup, bool last) {
  std::string result;
  while (true) {
    const auto at = text.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && text[at - 1] == '$') {
      result += text.substr(0, last ? at - 1 : at);
      result += "${";
      text.remove_prefix(at + 2);
      continue;
    }
    const auto end = text.find('}', at);
    if (end == std::string_view::npos) break;
    result += text.substr(0, at);
    const auto found = lookup(text.substr(at + 2, end - at - 2));
    result += found ? AsText(*found) : std::string(text.substr(at, end - at + 1));
    text.remove_prefix(end + 1);
  }
  return result + std::string(text);
}

value Substitute(const value& v, const Lookup& lookup, bool last) {
  if (v.is_string()) {
    const std::string_view text = v.get_string();
    if (text.starts_with("${") && text.find('}') == text.size() - 1) {
      if (auto found = lookup(text.substr(2, text.size() - 3))) return *found;
    }
    return value(boost::json::string(SubstituteText(text, lookup, last)));
  }
  if (v.is_array()) {
    boost::json::array items;
    for (const auto& item : v.get_array()) items.push_back(Substitute(item, lookup, last));
    return items;
  }
  if (v.is_object()) {
    boost::json::object object;
    for (const auto& [key, item] : v.get_object()) {
      object[SubstituteText(key, lookup, last)] = Substitute(item, lookup, last);
    }
    return object;
  }
  return v;
}

std::set<std::string> VariablesIn(const value& v) {
  std::set<std::string> names;
  const Lookup note = [&](std::string_view name) -> std::optional<value> {
    names.emplace(name);
    return std::nullopt;
  };
  Substitute(v, note, false);
  return names;
}

}  // namespace touchstone
