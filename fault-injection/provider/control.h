// The control API of a stand-alone provider, below /__touchstone/ on its own port
// (docs/provider-control.md): requests to answers, without sockets. A resource is a line of the
// table in control.cc and a handler in the file control_RESOURCE.cc.
//
// May be called by any thread; nothing here blocks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "fault-injection/provider/lane_state.h"

namespace touchstone::provider {

inline constexpr std::string_view kControlPrefix = "/__touchstone";

struct ControlAnswer {
  int status = 200;
  std::string body;   // one JSON value and LF
  std::string allow;  // of 405: the methods that there are
};

// An answer for which something has to happen first.
struct ControlWait {
  std::chrono::milliseconds most{0};
  // The answer, if there is one yet; with `late` there always is. To be asked at once, after each
  // change of the lane, and when the time is up.
  std::function<std::optional<ControlAnswer>(bool late)> look;
};

using ControlReply = std::variant<ControlAnswer, ControlWait>;

// Whether the target is of the control API.
bool IsControl(std::string_view target);

ControlReply Control(const std::shared_ptr<LaneState>& lane, std::string_view method,
                     std::string_view target, std::string_view body);

}  // namespace touchstone::provider
