#include "reference-host/protocol/json_text.h"

#include <array>
#include <charconv>

namespace refhost {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The UTF-16 unit of the escape \uXXXX at `at`, or -1 if there is none.
int EscapeUnit(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  unsigned unit = 0;
  const char* begin = text.data() + at + 2;
  auto [end, error] = std::from_chars(begin, begin + 4, unit, 16);
  if (error != std::errc() || end != begin + 4) return -1;
  return static_cast<int>(unit);
}

}  // namespace

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsBlank(std::string_view text) { return Trim(text).empty(); }

void AppendJsonString(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t clean = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, clean);
  out += '"';
}

void AppendKey(std::string& out, std::string_view key) {
  if (!out.empty() && out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
}

void AppendField(std::string& out, std::string_view key, std::string_view value) {
  AppendKey(out, key);
  AppendJsonString(out, value);
}

void AppendField(std::string& out, std::string_view key, int64_t value) {
  AppendKey(out, key);
  std::array<char, 24> digits;
  auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

void AppendField(std::string& out, std::string_view key, bool value) {
  AppendKey(out, key);
  out += value ? "true" : "false";
}

std::string ReplaceBadUtf8(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    bool good = length > 0 && lead < 0xF5 && i + length <= text.size();
    for (size_t k = 1; good && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      good = (next & 0xC0) == 0x80;
      // The second byte rules out overlong forms, surrogates and what is beyond U+10FFFF.
      if (k > 1) continue;
      good = good && !(lead == 0xE0 && next < 0xA0) && !(lead == 0xED && next > 0x9F) &&
             !(lead == 0xF0 && next < 0x90) && !(lead == 0xF4 && next > 0x8F);
    }
    if (good) out += text.substr(i, length);
    if (!good) out += '?';
    i += good ? length : 1;
  }
  return out;
}

std::string RepairSurrogateEscapes(std::string text) {
  for (size_t i = text.find('\\'); i != std::string::npos; i = text.find('\\', i)) {
    const int unit = EscapeUnit(text, i);
    if (unit < 0) {
      i += 2;  // another escape; its second character cannot start a new one
      continue;
    }
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      const int next = unit <= 0xDBFF ? EscapeUnit(text, i + 6) : -1;
      if (next >= 0xDC00 && next <= 0xDFFF) {
        i += 12;
        continue;
      }
      text.replace(i, 6, "\\uFFFD");
    }
    i += 6;
  }
  return text;
}

}  // namespace refhost
