// Random programs for the model: what the judge does, step by step. A step says what to do relative
// to what was done before ("cancel the second last run"), so that a program stays playable when
// any of its steps is taken away: that is how a failure shrinks.
//
// Values and pure functions; any thread may call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rapidcheck.h>
#include <tl/expected.hpp>

#include "conformance/fuzz/model/model.h"

namespace touchstone::model {

enum class Act { kPing, kRun, kCancel, kClose, kMalformed, kRelease, kEof, kTerm };
// Of a kRun: what it has in common with the picked run.
enum class Twist { kFresh, kSamePair, kSameKey, kSameId, kColon };
enum class Provider { kOk, kHeld, kSlow, kAuth, kRejected, kDown, kHeldDown };

struct Step {
  Act act = Act::kPing;
  int pick = 0;                 // which run, unreleased run or broken line: 0 is the last
  int session = 0;              // one of three
  Twist twist = Twist::kFresh;  // of a kCancel: anything but kFresh is from this session
  Provider provider = Provider::kOk;
  bool short_timeout = false;
  bool at_once = false;  // the next step does not wait for the answers
  bool operator==(const Step&) const = default;
};

struct Program {
  Limits limits;
  std::vector<Step> steps;
  bool operator==(const Program&) const = default;
};

// At most so many steps.
rc::Gen<Program> Programs(int steps);
// The n-th of a seed.
Program ProgramOf(std::uint64_t seed, int number, int steps);

std::string Name(Provider provider);

// NDJSON: limits, then a line for each step. `touchstone fuzz --model --replay FILE` plays it.
std::string Write(const Program& program);
tl::expected<Program, std::string> ReadProgram(std::string_view text);

}  // namespace touchstone::model
