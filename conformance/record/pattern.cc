#include "conformance/record/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "conformance/contract/shape.h"

namespace touchstone::record {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::string_view kNamed[] = {"protocol_version",
                                       "type",
                                       "request_id",
                                       "session_id",
                                       "ts_ms",
                                       "status",
                                       "event_type",
                                       "seq",
                                       "payload",
                                       "text",
                                       "usage",
                                       "error",
                                       "latency_ms",
                                       "replayed",
                                       "request_ts_ms",
                                       "ok",
                                       "error_code",
                                       "error_message",
                                       "target_request_id",
                                       "existing_request_id"};

std::string EscapedText(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("${")) escaped += '$';
    escaped += text[at];
  }
  return escaped;
}

bool LooksLikeAMatcher(std::string_view text) {
  return text.size() >= 3 && text.front() == '<' && text.back() == '>';
}

template <typename Text>
value Map(const value& v, const Text& text) {
  if (v.is_string()) return value(boost::json::string(text(std::string_view(v.get_string()))));
  if (v.is_array()) {
    boost::json::array items;
    for (const auto& item : v.get_array()) items.push_back(Map(item, text));
    return items;
  }
  if (v.is_object()) {
    object mapped;
    for (const auto& [key, item] : v.get_object()) mapped[EscapedText(key)] = Map(item, text);
    return mapped;
  }
  return v;
}

std::string_view KindOf(const value& v) {
  if (v.is_bool()) return "<boolean>";
  if (v.is_int64() || v.is_uint64()) return "<integer>";
  if (v.is_double()) return "<number>";
  if (v.is_string()) return "<string>";
  if (v.is_array()) return "<array>";
  if (v.is_object()) return "<object>";
  return "<null>";
}

// Which values of a line a case leaves open, whatever came, and how.
class Open {
 public:
  Open(Mode mode, const object& line, const value& request) {
    const auto* type = StringAt(line, "type");
    const auto* status = StringAt(line, "status");
    const bool is_final = mode != Mode::kBridge && type && *type == "final";
    failed_final_ = is_final && status && *status != "OK";
    const auto* asked = request.is_object() ? request.get_object().if_contains("ts_ms") : nullptr;
    request_time_ = asked && !asked->is_null();
  }

  std::optional<std::string_view> operator()(std::string_view path, const value& v) const {
    // What is of this moment.
    if (path == "ts_ms" && v.is_int64()) return "<integer>";
    if (path == "latency_ms" && v.is_number()) return "<number>";
    // Without a ts_ms in the request, null is as right as a time.
    if (path == "request_ts_ms" && !request_time_) return "<any>";
    // What a host words as it likes.
    if (path == "text" && failed_final_ && v.is_string()) return "<string>";
    const bool message = path == "error.message" || path == "error_message";
    if (message && v.is_string() && !v.get_string().empty()) return "<non-empty>";
    return std::nullopt;
  }

 private:
  bool failed_final_ = false, request_time_ = false;
};

// What two plays have in common, as a pattern.
class Common {
 public:
  Common(Open open, std::vector<std::string>& notes) : open_(open), notes_(notes) {}

  value Of(const std::string& path, const value& once, const value& again) {
    if (const auto matcher = open_(path, once)) return value(*matcher);
    if (once.is_object() && again.is_object())
      return OfObjects(path, once.get_object(), again.get_object());
    const bool lists = once.is_array() && again.is_array();
    if (lists && once.get_array().size() == again.get_array().size()) {
      boost::json::array items;
      for (std::size_t i = 0; i < once.get_array().size(); ++i)
        items.push_back(Of(fmt::format("{}[{}]", path, i), once.at(i), again.at(i)));
      return items;
    }
    if (once == again) return Literal(once);
    notes_.push_back(fmt::format("`{}` differed between two plays", path));
    return KindOf(once) == KindOf(again) ? value(KindOf(once)) : value("<any>");
  }

  object OfObjects(const std::string& path, const object& once, const object& again) {
    object common;
    for (const auto& [key, v] : once) {
      const auto where = path.empty() ? std::string(key) : path + "." + std::string(key);
      if (const value* other = again.if_contains(key))
        common[EscapedText(key)] = Of(where, v, *other);
      else
        notes_.push_back(fmt::format("`{}` came in one of two plays only", where));
    }
    return common;
  }

 private:
  const Open open_;
  std::vector<std::string>& notes_;
};

object OnlyNamed(const object& line, std::vector<std::string>& notes) {
  object named;
  for (const auto& [key, v] : line) {
    if (std::ranges::find(kNamed, std::string_view(key)) != std::end(kNamed))
      named[key] = v;
    else
      notes.push_back(
          fmt::format("`{}` is no field of the contract, and was left out", std::string_view(key)));
  }
  return named;
}

}  // namespace

value Escaped(const value& v) { return Map(v, EscapedText); }

value Literal(const value& v) {
  return Map(v, [](std::string_view text) {
    const auto escaped = EscapedText(text);
    return LooksLikeAMatcher(text) ? "<literal:" + escaped + ">" : escaped;
  });
}

Pattern PatternOf(Mode mode, const object& once, const object& again, const value& request) {
  Pattern pattern;
  const object named = OnlyNamed(once, pattern.notes);
  pattern.object = Common(Open(mode, once, request), pattern.notes).OfObjects("", named, again);
  const auto* type = StringAt(once, "type");
  const bool may_be_replayed = mode == Mode::kBridge || (type && *type == "final");
  if (may_be_replayed && !once.contains("replayed")) pattern.object["replayed"] = "<absent>";
  return pattern;
}

}  // namespace touchstone::record
