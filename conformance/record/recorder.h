// Plays a script once at the rig's host and keeps what was answered. Which answer belongs to which
// request is decided by its id, so that two recordings of a steady host have the same form, however
// its answers raced.
//
// For one thread.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "conformance/drive/rig.h"
#include "conformance/golden/case_file.h"
#include "conformance/observe/violation.h"

namespace touchstone::record {

struct Heard {
  std::string bytes;
  std::optional<boost::json::value> json;  // an object, or nothing
  boost::json::value request;              // that it answers, or null
};

// One step of the script, and what came of it.
struct Passage {
  const Step* step = nullptr;  // of the script; nullptr: what came at the end, unasked
  std::vector<Heard> lines;
  std::optional<int> exit_status;    // O and B: of the step's process
  std::optional<std::size_t> calls;  // the provider's so far, behind a complete answer
  boost::json::array turns;          // of the last of them, when it is new
  std::vector<std::string> notes;    // what a reviewer should know: "no answer within 20 s"
};

struct Recording {
  std::vector<Passage> passages;
  std::vector<Violation> violations;  // of the always-on checks
  std::string failure;                // the script could not be played to its end
};

Recording Record(Rig& rig, const Case& script, Mode mode);

}  // namespace touchstone::record
