// From a process that failed somewhere among thousands of inputs to the one input, as short as can
// be, that fails in the same way. Fresh hosts are asked; rapidcheck says what is simpler.
//
// For one thread.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <rapidcheck/Seq.h>

#include "conformance/fuzz/host_run.h"

namespace touchstone::fuzz {

struct Minimal {
  std::vector<std::string> inputs;  // mostly one
  Violation violation;              // what the host does with them
  bool reproduced = false;          // false: fresh hosts are sound with the same inputs
  int hosts_asked = 0;
  double seconds = 0;  // that it took
};

// Simpler texts than `text`, the simplest first: without a member, without a stretch.
rc::Seq<std::string> ShrinkText(const std::string& text);

// `first` is what was seen of the inputs, all of which one process had. In O and B there is one
// input.
Minimal Minimise(Rig& rig, Mode mode, const std::vector<std::string>& inputs, const Fault& first,
                 HostSettings settings, TimePoint deadline, std::stop_token stop);

}  // namespace touchstone::fuzz
