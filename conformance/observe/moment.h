// One thing that happened in a play, in words: who said what to whom, and when. A value: what
// timelines and sequence diagrams are made of.
#pragma once

#include <string>

namespace touchstone {

struct Moment {
  double ms = 0;         // since the play began
  std::string from, to;  // "caller", "host", "provider"; `to` is empty for a remark
  std::string what;
};

}  // namespace touchstone
