// When the provider was out, and what that means for an answer. Only the last outages are
// remembered.
//
// One thread at a time.
#pragma once

#include <deque>
#include <optional>

#include "conformance/process/child_process.h"
#include "soak/workload/outcome.h"

namespace touchstone {

class Outages {
 public:
  // Rules are changed between two moments: an outage certainly lasts from `in_effect` to `ending`,
  // and perhaps from `beginning` to `over`.
  void Began(TimePoint beginning, TimePoint in_effect);
  void Ended(TimePoint ending, TimePoint over);

  // For a line of a piece of work that was meant to start at `intended`, and that was sent and
  // answered at these times.
  soak::Circumstances::Outage During(TimePoint intended, TimePoint sent, TimePoint answered) const;

 private:
  struct Outage {
    TimePoint beginning, in_effect;
    std::optional<TimePoint> ending, over;
  };
  std::deque<Outage> outages_;
};

}  // namespace touchstone
