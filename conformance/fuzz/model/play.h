// Plays a program at one host process in mode S, with a lane of the mock provider behind it, and
// tells the model all that is sent and seen. Decides nothing by absolute time: it waits until the
// model owes nothing, and only "never before" is held against a clock.
//
// For one thread; many may play on one rig.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "conformance/drive/rig.h"
#include "conformance/fuzz/model/program.h"
#include "conformance/observe/violation.h"

namespace touchstone::model {

struct Played {
  std::vector<Violation> violations;  // empty: the host did what the contract allows
  std::vector<std::string> story;     // what was done, a sentence for each step
  std::string transcript;             // of a failure
  std::size_t steps_done = 0;         // of the program, the one that failed included
  int lines = 0, runs = 0;
  std::size_t most_worlds = 0;
  // Too much raced for the model (Model::kMostWorlds): what was done from there on was not judged.
  bool lost = false;
  std::string not_played;  // the host could not be started
};

Played Play(Rig& rig, const Program& program, std::chrono::milliseconds patience);

}  // namespace touchstone::model
