#include "conformance/fuzz/values.h"

#include <array>

namespace touchstone::fuzz {
namespace {

using namespace std::string_view_literals;

// Simple ones first: recipes shrink towards 0.
constexpr std::string_view kFieldValues[] = {
    "null"sv,
    "true"sv,
    "false"sv,
    "0"sv,
    "1"sv,
    "-1"sv,
    "2"sv,
    "1.0"sv,
    "1e0"sv,
    "1.5"sv,
    "-0"sv,
    "[]"sv,
    "{}"sv,
    "[1]"sv,
    R"({"a":1})"sv,
    R"("")"sv,
    R"(" ")"sv,
    R"("\t\r\n ")"sv,
    R"("5$")"sv,
    R"("$")"sv,
    R"(" $ ")"sv,
    R"("\u00a0")"sv,
    R"("$\u0000")"sv,
    R"("$\u2028\u2029")"sv,
    "\"$\xE2\x80\xA8\""sv,
    "\"$\xEF\xBB\xBF\""sv,
    R"("$\ud83d\ude00")"sv,
    "\"$\xF0\x9F\x98\x80\""sv,
    "\"$\xEF\xBF\xBE\xF4\x8F\xBF\xBF\""sv,
    R"("$\uFFFF\u0001\u007f")"sv,
    R"("$\"\\\/\b\f")"sv,
    R"("../$")"sv,
    R"("$\u0041")"sv,
    "86400000"sv,
    "86400001"sv,
    "9223372036854775807"sv,
    "9223372036854775808"sv,
    "-9223372036854775808"sv,
    "-9223372036854775809"sv,
    "18446744073709551615"sv,
    "18446744073709551616"sv,
    "1180591620717411303424"sv,
    "1e400"sv,
    "-1e400"sv,
    "1e-400"sv,
    "1e30"sv,
    "1E+2"sv,
    "0.1e1"sv,
    "[1e400]"sv,
    R"({"a":[1e999]})"sv,
    // Not JSON, or not allowed.
    R"("\ud800")"sv,
    R"("$\udc00x")"sv,
    R"("\ud800\ud800")"sv,
    R"(["\udfff"])"sv,
    "\"\xC0\x80\""sv,
    "\"\xE0\x80\xAF\""sv,
    "\"\xED\xA0\x80\""sv,
    "\"$\xFF\""sv,
    "\"\xF4\x90\x80\x80\""sv,
    "\"\xE2\x82\""sv,
    "\"$\0\""sv,
    "\"$\t\""sv,
    "\"$\r\""sv,
    "\"\x1F\""sv,
    "\"\x7F$\""sv,
    "01"sv,
    "+1"sv,
    ".5"sv,
    "1."sv,
    "1e"sv,
    "-"sv,
    "--1"sv,
    "0x10"sv,
    "NaN"sv,
    "Infinity"sv,
    "nul"sv,
    "True"sv,
    "undefined"sv,
    "'a'"sv,
    "a"sv,
    R"("\x41")"sv,
    R"("\u12")"sv,
    R"("\u12G4")"sv,
    R"("\)"sv,
    R"("open)"sv,
    "[1,]"sv,
    "[,1]"sv,
    "[1 2]"sv,
    R"({"a":1,})"sv,
    R"({"a"})"sv,
    R"({a:1})"sv,
    R"({"a":1 "b":2})"sv,
    "[1}"sv,
    "[[]"sv,
    "]"sv,
    "}"sv,
    ""sv,
    "1 1"sv,
    "/**/1"sv,
    "1//"sv,
    "\xEF\xBB\xBF"
    "1"sv,
    "\f1"sv,
    "\xC2\xA0"
    "1"sv,
    "\xE2\x80\xA8"
    "1"sv,
};

constexpr std::string_view kLeaves[] = {"0"sv,
                                        "1"sv,
                                        "null"sv,
                                        "true"sv,
                                        "false"sv,
                                        "\"\""sv,
                                        "-0"sv,
                                        "-1"sv,
                                        "0.0"sv,
                                        "1e1"sv,
                                        "1E+01"sv,
                                        "-1.5e-3"sv,
                                        "123456789012"sv,
                                        "0.1e-1"sv,
                                        "1e308"sv,
                                        "2.2250738585072014e-308"sv,
                                        "5e-324"sv,
                                        "1e-400"sv,
                                        "9007199254740993"sv,
                                        "18446744073709551615"sv,
                                        "-9223372036854775808"sv,
                                        "18446744073709551616"sv,
                                        "1e309"sv,
                                        "3.141592653589793238462643383279"sv,
                                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""sv,
                                        "\"\\u0000\\u001f\\u007F\""sv,
                                        "\"\\uD834\\uDD1E\""sv,
                                        "\"\\u2028\\u2029\""sv,
                                        "\"\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80\""sv,
                                        "\"\\uFFFE\\uFFFF\""sv,
                                        "\"{\\\"a\\\":[\""sv,
                                        "\"//\""sv,
                                        "{}"sv,
                                        "[]"sv,
                                        "{\"\":0}"sv,
                                        "[[],[[]]]"sv};

// Numbers out of one.
class Choices {
 public:
  explicit Choices(std::uint64_t state) : state_(state) {}
  std::uint64_t Below(std::uint64_t n) {
    // SplitMix64.
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % n;
  }

 private:
  std::uint64_t state_;
};

void Space(Choices& choices, std::string& text) {
  constexpr std::string_view kSpaces[] = {"", "", "", "", " ", "\t", "\r", "  "};
  text += kSpaces[choices.Below(std::size(kSpaces))];
}

void Value(Choices& choices, int depth, std::string& text) {
  const auto kind = choices.Below(8);
  Space(choices, text);
  if (depth <= 0 || kind < 4) {
    // Now and then what is not JSON after all.
    const auto broken = choices.Below(48) == 0;
    const auto values = FieldValues();
    text +=
        broken ? values[choices.Below(values.size())] : kLeaves[choices.Below(std::size(kLeaves))];
  } else {
    const bool object = kind < 6;
    text += object ? '{' : '[';
    const auto n = choices.Below(5);
    for (std::uint64_t i = 0; i < n; ++i) {
      if (i > 0) text += ',';
      Space(choices, text);
      if (object) {
        constexpr std::string_view kKeys[] = {
            "\"a\":", "\"\":", "\"a\\u0000\" :", "\"type\":", "\"\xC3\xA9\": ", "\"request_id\":"};
        text += kKeys[choices.Below(std::size(kKeys))];
      }
      Value(choices, depth - 1, text);
    }
    text += object ? '}' : ']';
  }
  Space(choices, text);
}

std::string Deep(std::uint64_t depth, std::uint64_t shape) {
  std::string open, close;
  for (std::uint64_t i = 0; i < depth; ++i) {
    const bool object = shape == 1 || (shape == 2 && i % 2 == 0);
    open += object ? "{\"k\":" : "[";
    close += object ? '}' : ']';
  }
  if (shape == 3) return open;  // never closed
  return open + "0" + std::string(close.rbegin(), close.rend());
}

}  // namespace

std::span<const std::string_view> FieldValues() { return kFieldValues; }

std::string GrammarValue(std::uint64_t choice) {
  Choices choices(choice);
  const auto shape = choice % 8;
  std::string text;
  if (shape == 7) {
    // With the request's own object around it, 63 is the deepest that is allowed.
    text = Deep(60 + choices.Below(7), choices.Below(4));
  } else if (shape == 6) {
    text = "[0";
    for (auto n = choices.Below(300); n > 0; --n) text += ",0";
    text += "]";
  } else {
    Value(choices, static_cast<int>(shape), text);
  }
  return text;
}

}  // namespace touchstone::fuzz
