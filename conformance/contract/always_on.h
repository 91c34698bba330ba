// The requirements that are checked on every line of every play, whatever the play is about: see observe/framing.h,
// shape.h and lifecycle.h.
#pragma once

#include <span>
#include <string_view>

#include "conformance/contract/mode.h"

namespace touchstone {

inline std::span<const std::string_view> AlwaysOn(Mode mode) {
  static constexpr std::string_view kStream[] = {"FRAME-01", "RESP-01", "RESP-02", "RESP-03", "RESP-04",
                                                 "RESP-05",  "LIFE-01", "LIFE-02", "LIFE-03"};
  static constexpr std::string_view kOneShot[] = {"FRAME-01", "RESP-01", "RESP-02", "RESP-03",
                                                  "RESP-04",  "RESP-05", "LIFE-04"};
  static constexpr std::string_view kBridge[] = {"FRAME-01", "RESP-05", "BRIDGE-01", "BRIDGE-02", "LIFE-04"};
  switch (mode) {
    case Mode::kStream: return kStream;
    case Mode::kOneShot: return kOneShot;
    case Mode::kBridge: return kBridge;
    case Mode::kNone: break;
  }
  return {};
}

}  // namespace touchstone
