// The three ways in which a host is run (§1 of the contract), and none of them.
#pragma once

#include <optional>
#include <string_view>

namespace touchstone {

enum class Mode {
  kStream,   // S: long-lived, many requests
  kOneShot,  // O: one request, one response, exit
  kBridge,   // B: as O, in the flat shape of §5
  kNone,     // "-": a command that speaks no protocol, such as self-test
};

constexpr std::string_view ToString(Mode mode) {
  switch (mode) {
    case Mode::kStream:
      return "S";
    case Mode::kOneShot:
      return "O";
    case Mode::kBridge:
      return "B";
    case Mode::kNone:
      return "-";
  }
  return "?";
}

constexpr std::optional<Mode> ModeFromString(std::string_view text) {
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge, Mode::kNone}) {
    if (ToString(mode) == text) return mode;
  }
  return std::nullopt;
}

}  // namespace touchstone
