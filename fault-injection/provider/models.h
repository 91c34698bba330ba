// What is said to probes: GET and HEAD of a list of models or of one, and requests that only look
// whether something is there. Pure; no probe takes a rule.
#pragma once

#include <string_view>

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

struct Probe {
  std::string_view lane;
  std::string_view path;   // without its query
  bool anthropic = false;  // it has a header anthropic-version
  bool head = false;
  bool upgrade = false;  // it wants another protocol, such as websocket
};

struct ProbeAnswer {
  int status = 200;
  Content content;
};

// In the form of the service that the probe is meant for. There is no model whose name is not
// known.
ProbeAnswer AnswerProbe(const Probe& probe);

}  // namespace touchstone::provider
