// The requirements that are checked in every play, whatever it is about: on every line
// (observe/framing.h, shape.h, lifecycle.h) and at the end of every process (drive/conversation.h).
#pragma once

#include <span>
#include <string_view>

#include "conformance/contract/mode.h"

namespace touchstone {

inline std::span<const std::string_view> AlwaysOn(Mode mode) {
  static constexpr std::string_view kStream[] = {"FRAME-01", "FRAME-13", "RESP-01", "RESP-02",
                                                 "RESP-03",  "RESP-04",  "RESP-05", "LIFE-01",
                                                 "LIFE-02",  "LIFE-03",  "LIFE-08"};
  static constexpr std::string_view kOneShot[] = {"FRAME-01", "RESP-01", "RESP-02", "RESP-03",
                                                  "RESP-04",  "RESP-05", "LIFE-04", "LIFE-08"};
  static constexpr std::string_view kBridge[] = {"FRAME-01",  "RESP-05", "BRIDGE-01",
                                                 "BRIDGE-02", "LIFE-04", "LIFE-08"};
  switch (mode) {
    case Mode::kStream:
      return kStream;
    case Mode::kOneShot:
      return kOneShot;
    case Mode::kBridge:
      return kBridge;
    case Mode::kNone:
      break;
  }
  return {};
}

}  // namespace touchstone
