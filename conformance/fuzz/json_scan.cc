#include "conformance/fuzz/json_scan.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <unordered_set>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kLongExponent = 18;  // of characters, the e and the sign too

void AppendUtf8(std::string& text, std::uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | (c >> 6));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | (c >> 12));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (c >> 18));
    text += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHeld(std::string_view number, bool integer) {
  const char* end = number.data() + number.size();
  if (integer) {
    std::int64_t held = 0;
    std::uint64_t unsigned_held = 0;
    return std::from_chars(number.data(), end, held).ec == std::errc() ||
           std::from_chars(number.data(), end, unsigned_held).ec == std::errc();
  }
  // Neither too large nor so small that it would become 0, nor written with an exponent that no
  // integer holds, be the value 0.
  const auto exponent = number.find_first_of("eE");
  const auto mantissa = number.substr(0, exponent);
  if (exponent != number.npos && number.size() - exponent > kLongExponent) return false;
  const double value = std::strtod(std::string(number).c_str(), nullptr);
  return std::isfinite(value) &&
         (value != 0 || mantissa.find_first_of("123456789") == mantissa.npos);
}

class Scanner {
 public:
  Scanner(std::string_view text, Scan& scan) : text_(text), scan_(scan) {}

  // True: all of it is one JSON value.
  bool Run() {
    enum { kValue, kFirstItem, kFirstKey, kKey, kAfter } state = kValue;
    while (true) {
      SkipSpace();
      if (state == kAfter && open_.empty()) return at_ == text_.size();
      if (at_ == text_.size()) return false;
      const char c = text_[at_];
      switch (state) {
        case kFirstItem:
          state = c == ']' ? kAfter : kValue;
          if (c == ']') Close();
          break;
        case kFirstKey:
          state = c == '}' ? kAfter : kKey;
          if (c == '}') Close();
          break;
        case kKey:
          if (!Key()) return false;
          state = kValue;
          break;
        case kValue:
          if (open_.size() == 1 && open_[0] == '{') value_at_ = at_;
          if (c == '{' || c == '[') {
            if (open_.empty()) scan_.is_object = c == '{';
            NoteKind(c == '{' ? JsonKind::kObject : JsonKind::kArray);
            open_ += c;
            if (c == '{') keys_.emplace_back();
            scan_.depth = std::max(scan_.depth, open_.size());
            ++at_;
            state = c == '{' ? kFirstKey : kFirstItem;
          } else {
            if (!Scalar(c)) return false;
            EndOfValue();
            state = kAfter;
          }
          break;
        case kAfter:
          if (c == ',') {
            ++at_;
            state = open_.back() == '{' ? kKey : kValue;
          } else if (c == (open_.back() == '{' ? '}' : ']')) {
            Close();
          } else {
            return false;
          }
          break;
      }
    }
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
      ++at_;
  }

  void Close() {
    ++at_;
    if (open_.back() == '{') keys_.pop_back();
    open_.pop_back();
    EndOfValue();
  }

  bool AtTop() const { return open_.size() == 1 && open_[0] == '{'; }

  void NoteKind(JsonKind kind) {
    if (AtTop()) scan_.members.back().kind = kind;
  }

  void EndOfValue() {
    if (AtTop()) scan_.members.back().raw = text_.substr(value_at_, at_ - value_at_);
  }

  bool Key() {
    std::string key;
    if (text_[at_] != '"' || !String(&key)) return false;
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != ':') return false;
    ++at_;
    if (AtTop()) {
      scan_.members.emplace_back().key = std::move(key);
    } else if (!keys_.back().insert(std::move(key)).second && !scan_.members.empty()) {
      scan_.members.back().twice_inside = true;
    }
    return true;
  }

  bool Scalar(char c) {
    if (c == '"') {
      NoteKind(JsonKind::kString);
      return String(AtTop() ? &scan_.members.back().text : nullptr);
    }
    if (c == 'n') return NoteKind(JsonKind::kNull), Word("null");
    if (c == 't') return NoteKind(JsonKind::kBool), Word("true");
    if (c == 'f') return NoteKind(JsonKind::kBool), Word("false");
    return Number();
  }

  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool Digits() {
    const auto begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > begin;
  }

  bool Number() {
    const auto begin = at_;
    bool integer = true;
    const auto is = [this](char c) { return at_ < text_.size() && text_[at_] == c; };
    if (is('-')) ++at_;
    if (is('0')) {
      ++at_;
    } else if (!Digits()) {
      return false;
    }
    if (is('.')) {
      integer = false;
      ++at_;
      if (!Digits()) return false;
    }
    if (is('e') || is('E')) {
      integer = false;
      ++at_;
      if (is('+') || is('-')) ++at_;
      if (!Digits()) return false;
    }
    NoteKind(integer ? JsonKind::kInteger : JsonKind::kReal);
    if (!scan_.members.empty() && !IsHeld(text_.substr(begin, at_ - begin), integer))
      (AtTop() ? scan_.members.back().unheld : scan_.members.back().unheld_inside) = true;
    return true;
  }

  bool Hex(std::uint32_t& unit) {
    if (text_.size() - at_ < 4) return false;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, begin + 4, unit, 16);
    at_ += 4;
    return error == std::errc() && end == begin + 4;
  }

  // Behind "\u". An unpaired surrogate is noted and becomes U+FFFD.
  bool UnicodeEscape(std::string* into) {
    std::uint32_t unit = 0;
    if (!Hex(unit)) return false;
    if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const auto back = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (!Hex(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    const bool unpaired = unit >= 0xD800 && unit < 0xE000;
    scan_.unpaired_surrogate |= unpaired;
    if (into && unpaired) into->append(kReplacement);
    if (into && !unpaired) AppendUtf8(*into, unit);
    return true;
  }

  bool String(std::string* into) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        if (into) *into += c;
        continue;
      }
      if (at_ == text_.size()) return false;
      const char escape = text_[at_++];
      constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
      if (escape == 'u') {
        if (!UnicodeEscape(into)) return false;
      } else if (const auto known = kEscapes.find(escape); known != kEscapes.npos) {
        if (into) *into += kMeanings[known];
      } else {
        return false;
      }
    }
    return false;
  }

  std::string_view text_;
  Scan& scan_;
  std::size_t at_ = 0, value_at_ = 0;
  std::string open_;                                   // the brackets around `at_`
  std::vector<std::unordered_set<std::string>> keys_;  // of the objects among them
};

}  // namespace

Scan ScanJson(std::string_view text) {
  Scan scan;
  Scanner scanner(text, scan);
  scan.is_json = scanner.Run();
  return scan;
}

}  // namespace touchstone::fuzz
