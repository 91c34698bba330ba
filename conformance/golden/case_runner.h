// Plays one case once, in one mode, against the rig's host. Every expectation waits for its
// condition with a deadline; nothing sleeps but the steps that say so.
//
// For one thread; many runners may run at the same time on one rig.
#pragma once

#include <string>
#include <vector>

#include "conformance/drive/journal.h"
#include "conformance/drive/rig.h"
#include "conformance/golden/case_file.h"
#include "conformance/observe/moment.h"
#include "conformance/observe/violation.h"

namespace touchstone {

class Conversation;

struct PlayResult {
  // What went wrong: the failed step (there is at most one, the play ends with it), always-on
  // checks, the end of the processes.
  std::vector<Violation> violations;
  // Only a bound on time was missed: whether it counts is for the timing rule.
  bool only_late = false;
  // The play could not be made at all: "the profile has no command for mode B".
  std::string not_playable;
  // The judge's own fault, for example an unknown variable in a case.
  std::string harness_bug;
  // Of a scenario: the steps of its proof that held, and the first that did not. A play whose fault
  // is not proven is no verdict on the host.
  std::vector<std::string> proven;
  std::string unproven;
  std::string transcript;
  std::vector<Moment> timeline;  // of a play in which something went wrong
};

// What happened in a play, in order of time for each of the two.
struct Record {
  Journal::TimePoint started;
  std::vector<Journal::Entry> lines;  // to and from the host's processes
  provider::Snapshot provider;
};

Record RecordOf(Conversation& talk);  // what happened until now

PlayResult PlayCase(Rig& rig, const Case& one, Mode mode, Record* record = nullptr);

}  // namespace touchstone
