// Was it answered as the contract says? Judges what came of a piece of work, knowing what was done
// to host and provider meanwhile. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "soak/workload/work.h"

namespace touchstone::soak {

// What went on between the intended start of a line (for kinds with several lines: of the first)
// and its answer.
struct Circumstances {
  enum class Outage {
    kNone,
    kPartly,      // begun, ended or both; also within the 2 s after its end (PROV-15)
    kThroughout,  // from before the line was sent until after it was answered
  };
  Outage outage = Outage::kNone;
  bool draining = false;  // SIGTERM was sent to the host
  bool killed = false;  // SIGKILL; also for a retry within 2 x ZENE_CANCEL_GRACE_MS of the restart
  // The host had all that it may take at once when the line was sent (ADMIT-02), or the line was
  // under way for longer than ZENE_QUEUE_WAIT_TIMEOUT_MS (ADMIT-03): BUSY is right.
  bool crowded = false;
};

struct Answer {
  std::string outcome;  // as in WorkLine
  std::string text;     // of a final
};

struct Wrong {
  std::string requirement, message;
};

// nullopt: it is right.
std::optional<Wrong> Judge(const WorkLine& line, const Answer& answer, const Circumstances& during);

// What one answer says about the other, when all lines of the work are answered: an accepted cancel
// and a run that went on, two runs of one key. `outcomes` by line; empty for a line that was never
// sent.
std::optional<Wrong> JudgeTogether(const Work& work, const std::vector<std::string>& outcomes,
                                   const Circumstances& during);

}  // namespace touchstone::soak
