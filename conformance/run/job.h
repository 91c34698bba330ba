// One planned check in one mode: what the scheduler executes and the ledger counts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conformance/contract/mode.h"
#include "conformance/drive/rig.h"
#include "conformance/run/result.h"

namespace touchstone {

struct Job {
  std::string check;
  std::string kind;  // "case", "check", or "suite" (of a gate's policy)
  std::vector<std::string> requirements;
  Mode mode = Mode::kStream;
  std::vector<std::string> capabilities;  // the host must claim them all
  bool timing = false;                    // runs after the others, when the machine is quieter
  bool serial = false;                    // runs alone
  std::function<Judgement(Rig&)> play;
  bool repeatable = true;  // by --repeat
};

}  // namespace touchstone
