#include "conformance/golden/matcher.h"

#include <fmt/format.h>

#include <charconv>
#include <regex>
#include <string_view>
#include <vector>

#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::value;

// "<name:argument>" in its parts; nothing when the text is not a matcher but plain text.
struct Matcher {
  std::string_view name, argument;
};

std::optional<Matcher> AsMatcher(std::string_view text) {
  if (text.size() < 3 || text.front() != '<' || text.back() != '>') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return Matcher{text, {}};
  return Matcher{text.substr(0, colon), text.substr(colon + 1)};
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

struct Range {
  double low, high;
};

std::optional<Range> AsRange(std::string_view text) {
  const auto parts = Split(text, ':');
  Range range{};
  if (parts.size() != 2) return std::nullopt;
  const auto number = [](std::string_view digits, double& into) {
    auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
    return ec == std::errc() && end == digits.data() + digits.size();
  };
  if (!number(parts[0], range.low) || !number(parts[1], range.high) || range.low > range.high)
    return std::nullopt;
  return range;
}

bool InRange(double number, std::string_view argument) {
  const auto range = AsRange(argument);
  return range && number >= range->low && number <= range->high;
}

bool IsEmpty(const value& v) {
  if (v.is_string()) return v.get_string().empty();
  if (v.is_array()) return v.get_array().empty();
  if (v.is_object()) return v.get_object().empty();
  return true;
}

bool IsInteger(const value& v) { return v.is_int64() || v.is_uint64(); }

bool EqualScalars(const value& a, const value& b) {
  // 5 may have been read as signed here and unsigned there; 1 and 1.0 differ in the contract.
  if (IsInteger(a) && IsInteger(b)) return a == b;
  return a.kind() == b.kind() && a == b;
}

// libstdc++'s usual way recurses for each character, and a host's answer of 1 MiB would overflow
// the stack; the polynomial one does not. It knows no back-references.
std::regex AsRegex(std::string_view expression) {
  return std::regex(std::string(expression),
                    std::regex::ECMAScript | std::regex_constants::__polynomial);
}

std::optional<bool> MatchText(const Matcher& m, const value& v) {
  if (!v.is_string()) return std::nullopt;
  const std::string_view text = v.get_string();
  if (m.name == "regex") return std::regex_search(text.begin(), text.end(), AsRegex(m.argument));
  if (m.name == "contains") return text.find(m.argument) != std::string_view::npos;
  if (m.name == "literal") return text == m.argument;
  if (m.name == "one-of") {
    for (auto choice : Split(m.argument, '|')) {
      if (text == choice) return true;
    }
    return false;
  }
  return std::nullopt;
}

bool MatchKind(const Matcher& m, const value& v) {
  if (m.name == "any") return true;
  if (m.name == "null") return v.is_null();
  if (m.name == "integer") return IsInteger(v);
  if (m.name == "number") return v.is_number();
  if (m.name == "boolean") return v.is_bool();
  if (m.name == "string") return v.is_string();
  if (m.name == "object") return v.is_object();
  if (m.name == "array") return v.is_array();
  if (m.name == "non-empty") return !IsEmpty(v);
  if (m.name == "between") return v.is_number() && InRange(v.to_number<double>(), m.argument);
  if (m.name == "length") {
    if (v.is_string()) return InRange(static_cast<double>(v.get_string().size()), m.argument);
    if (v.is_array()) return InRange(static_cast<double>(v.get_array().size()), m.argument);
    return false;
  }
  return MatchText(m, v).value_or(false);
}

bool Matches(const Matcher& m, const value* actual, Captures& captures) {
  if (m.name == "absent") return actual == nullptr;
  if (m.name == "not")
    return Match(value(boost::json::string(m.argument)), actual, captures).has_value();
  if (actual == nullptr) return false;
  if (m.name == "same") {
    auto [known, inserted] = captures.emplace(std::string(m.argument), *actual);
    return inserted || known->second == *actual;
  }
  return MatchKind(m, *actual);
}

std::optional<Mismatch> Differ(const std::string& path, const value& pattern, const value* actual) {
  return Mismatch{path, ToJson(pattern), actual ? Excerpt(ToJson(*actual), 300) : "nothing"};
}

std::optional<Mismatch> MatchAt(const std::string& path, const value& pattern, const value* actual,
                                Captures& captures) {
  if (pattern.is_string()) {
    if (const auto matcher = AsMatcher(pattern.get_string())) {
      if (Matches(*matcher, actual, captures)) return std::nullopt;
      return Differ(path, pattern, actual);
    }
  }
  if (actual == nullptr || pattern.is_object() != actual->is_object() ||
      pattern.is_array() != actual->is_array()) {
    return Differ(path, pattern, actual);
  }
  if (pattern.is_object()) {
    for (const auto& [key, sub_pattern] : pattern.get_object()) {
      const std::string sub_path =
          path.empty() ? std::string(key) : fmt::format("{}.{}", path, std::string_view(key));
      if (auto mismatch =
              MatchAt(sub_path, sub_pattern, actual->get_object().if_contains(key), captures))
        return mismatch;
    }
    return std::nullopt;
  }
  if (pattern.is_array()) {
    const auto& patterns = pattern.get_array();
    const auto& items = actual->get_array();
    if (patterns.size() != items.size()) return Differ(path, pattern, actual);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (auto mismatch = MatchAt(fmt::format("{}[{}]", path, i), patterns[i], &items[i], captures))
        return mismatch;
    }
    return std::nullopt;
  }
  return EqualScalars(pattern, *actual) ? std::nullopt : Differ(path, pattern, actual);
}

std::optional<std::string> CheckMatcher(const Matcher& m) {
  static constexpr std::string_view kPlain[] = {"any",    "absent",   "null",   "integer",
                                                "number", "boolean",  "string", "object",
                                                "array",  "non-empty"};
  for (auto name : kPlain) {
    if (m.name == name) {
      return m.argument.empty() ? std::nullopt
                                : std::optional(fmt::format("<{}> takes no argument", name));
    }
  }
  if (m.name == "regex") {
    try {
      AsRegex(m.argument);
    } catch (const std::regex_error& error) {
      return fmt::format("<regex:{}> is no ECMAScript expression: {}", m.argument, error.what());
    }
    return std::nullopt;
  }
  if (m.name == "between" || m.name == "length") {
    if (AsRange(m.argument)) return std::nullopt;
    return fmt::format("<{}> takes LOW:HIGH, two numbers in order, got \"{}\"", m.name, m.argument);
  }
  if (m.name == "contains" || m.name == "one-of" || m.name == "same") {
    return m.argument.empty() ? std::optional(fmt::format("<{}> needs an argument", m.name))
                              : std::nullopt;
  }
  if (m.name == "literal") return std::nullopt;
  if (m.name == "not" && !AsMatcher(m.argument)) {
    // As text it would differ from every number, and the pattern would hold for any.
    return fmt::format("<not:{}> needs a matcher, for instance <not:<literal:{}>>", m.argument,
                       m.argument);
  }
  if (m.name == "not") return CheckPattern(value(boost::json::string(m.argument)));
  return fmt::format(
      "unknown matcher <{}>; known: any absent null integer number boolean string object array "
      "non-empty "
      "regex contains one-of between length same not literal",
      m.name);
}

}  // namespace

std::string Mismatch::ToString() const {
  return fmt::format("{}expected {}, got {}", path.empty() ? "" : "`" + path + "`: ", expected,
                     got);
}

std::optional<Mismatch> Match(const value& pattern, const value* actual, Captures& captures) {
  return MatchAt("", pattern, actual, captures);
}

std::optional<std::string> CheckPattern(const value& pattern) {
  if (pattern.is_string()) {
    const auto matcher = AsMatcher(pattern.get_string());
    return matcher ? CheckMatcher(*matcher) : std::nullopt;
  }
  if (pattern.is_object()) {
    for (const auto& [key, sub] : pattern.get_object()) {
      if (auto fault = CheckPattern(sub))
        return fmt::format("`{}`: {}", std::string_view(key), *fault);
    }
  }
  if (pattern.is_array()) {
    for (const auto& sub : pattern.get_array()) {
      if (auto fault = CheckPattern(sub)) return fault;
    }
  }
  return std::nullopt;
}

}  // namespace touchstone
