// What data cannot say: races, time, load, the process table. A check is one function; it registers
// itself, so that adding one touches no other file:
//
//     const CheckRegistration kPings({
//         .name = "life/pings-while-busy", .requirements = {"LIFE-06"}, .modes = {Mode::kStream},
//         .about = "While every slot is busy, a ping is answered within 100 ms (median of 50).",
//         .play = PingsWhileBusy});
//
// docs/adding-a-check.md tells the rest.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "conformance/drive/conversation.h"
#include "conformance/run/result.h"

namespace touchstone {

struct Check {
  std::string name;  // "area/what-is-proven"
  std::vector<std::string> requirements;
  std::vector<Mode> modes;
  std::string about;
  std::vector<std::string> capabilities = {};
  bool timing = false;  // judged by the timing rule, away from the crowd
  bool serial = false;  // needs the machine for itself
  Judgement (*play)(Rig& rig, Mode mode) = nullptr;
};

class CheckRegistration {
 public:
  explicit CheckRegistration(Check check);
};

// All registered checks, sorted by name.
const std::vector<Check>& Checks();

}  // namespace touchstone
