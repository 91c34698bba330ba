#include "conformance/report/html_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace touchstone {
namespace {

struct Scalar {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
};

// The scalar value at the start of `text`; nothing when the bytes are no UTF-8 (RFC 3629: no
// overlong form, no surrogate, none above U+10FFFF).
std::optional<Scalar> Decode(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return Scalar{first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return std::nullopt;
  std::uint32_t value = first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (at(i) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[length] || value > 0x10ffff || surrogate) return std::nullopt;
  return Scalar{value, length};
}

// Controls, what turns text around, and what is there and cannot be seen.
bool MustBeShown(std::uint32_t c) {
  if (c == '\n' || c == '\t') return false;
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || (c >= 0xfdd0 && c <= 0xfdef) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff);
}

}  // namespace

std::string Visible(std::string_view bytes, std::size_t limit) {
  std::string text;
  text.reserve(std::min(bytes.size(), limit));
  std::size_t shown = 0;
  while (!bytes.empty()) {
    if (shown++ == limit) return text + "…";
    const auto scalar = Decode(bytes);
    if (!scalar)
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    else if (MustBeShown(scalar->value))
      text += scalar->value < 0x80 ? fmt::format("\\x{:02x}", scalar->value)
                                   : fmt::format("\\u{{{:x}}}", scalar->value);
    else
      text += bytes.substr(0, scalar->bytes);
    bytes.remove_prefix(scalar ? scalar->bytes : 1);
  }
  return text;
}

std::string EscapeInvalidUtf8(std::string_view bytes, std::string_view prefix) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto scalar = Decode(bytes);
    if (scalar)
      text += bytes.substr(0, scalar->bytes);
    else
      text += fmt::format("{}{:02x}", prefix, static_cast<unsigned char>(bytes[0]));
    bytes.remove_prefix(scalar ? scalar->bytes : 1);
  }
  return text;
}

std::string EscapeHtml(std::string_view bytes, std::size_t limit) {
  std::string escaped;
  for (const char c : Visible(bytes, limit)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string EscapeJsonForScript(std::string json) {
  // Outside strings JSON has none of these.
  std::string escaped;
  escaped.reserve(json.size());
  for (const char c : json) {
    if (c == '<' || c == '>' || c == '&')
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace touchstone
