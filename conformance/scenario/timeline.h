// What happened in a play of a scenario, as a timeline that a person can read: who said what to
// whom, and when. Pure functions of a record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/golden/case_runner.h"

namespace touchstone {

struct Moment {
  double ms = 0;         // since the play began
  std::string from, to;  // "caller", "host", "provider"; `to` is empty for a remark
  std::string what;
};

// In order of time.
std::vector<Moment> TimelineOf(const Record& record);

// "    12.3 ms  host     → provider  call 1: …", one line each, or more for long texts.
std::string FormatTimeline(const std::vector<Moment>& moments);

// A line of the protocol in a few words: `final ERROR PROVIDER_DOWN "…"`.
std::string InWords(std::string_view line);

}  // namespace touchstone
