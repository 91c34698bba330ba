// Before the first play: does the host start at all, and how long does that take? A host that does
// not even answer a ping in a mode is told so once, instead of failing hundreds of plays by their
// deadlines.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/contract/mode.h"
#include "conformance/drive/rig.h"
#include "conformance/observe/violation.h"

namespace touchstone {

struct Preflight {
  std::string cannot_start;  // set: the host's program cannot be started; for a person
  // The modes in which a ping had no answer that even names its request_id within 10 s, and what
  // came instead.
  std::map<Mode, std::string> mute;
  std::map<Mode, std::string> transcripts;
};

// Pings the host once in each of the modes, and five times in O (or B), whose median from spawn to
// answer becomes rig.startup: the contract lets a one-shot add its start-up to bounds on time
// (TIME-01).
//
// Asks the host's self-test, too, and adds the capabilities that it names to the profile's.
Preflight RunPreflight(Rig& rig, const std::vector<Mode>& modes);

}  // namespace touchstone
