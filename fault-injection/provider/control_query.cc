#include "fault-injection/provider/control_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "fault-injection/provider/control_answer.h"

namespace touchstone::provider {

namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

ControlQuery::ControlQuery(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = Decode(part.substr(0, equals), true);
    const auto value = Decode(part.substr(std::min(equals + 1, part.size())), true);
    if (!name || !value) {
      Fail(part, "a % without two hex digits");
    } else if (!values_.emplace(*name, *value).second) {
      Fail(*name, "given twice");
    }
  }
}

std::optional<std::string> ControlQuery::Text(std::string_view name) {
  known_.emplace_back(name);
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<bool> ControlQuery::Flag(std::string_view name) {
  const auto text = Text(name);
  if (!text) return std::nullopt;
  if (*text != "true" && *text != "false") {
    Fail(name, fmt::format("expected true or false, got \"{}\"", *text));
  }
  return *text == "true";
}

std::optional<std::int64_t> ControlQuery::Integer(std::string_view name, std::int64_t low,
                                                  std::int64_t high) {
  const auto text = Text(name);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || stop != end || number < low || number > high) {
    Fail(name, fmt::format("expected an integer from {} to {}, got \"{}\"", low, high, *text));
    return low;
  }
  return number;
}

void ControlQuery::Fail(std::string_view name, std::string_view message) {
  if (!error_) error_ = Refuse(400, "bad_parameter", message, name);
}

std::optional<ControlAnswer> ControlQuery::Error() const {
  if (error_) return error_;
  for (const auto& [name, value] : values_) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    return Refuse(400, "bad_parameter",
                  known_.empty()
                      ? "unknown parameter; there is none"
                      : fmt::format("unknown parameter; known are {}", fmt::join(known_, ", ")),
                  name);
  }
  return std::nullopt;
}

}  // namespace touchstone::provider
