// What happened in a play, as a timeline that a person can read: who said what to
// whom, and when. Pure functions of a record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/golden/case_runner.h"
#include "conformance/observe/moment.h"

namespace touchstone {

// In order of time.
std::vector<Moment> TimelineOf(const Record& record);

// The same, but of a long one only the first and the last moments, with a remark between them that
// counts the others.
std::vector<Moment> Shorten(std::vector<Moment> moments);

// "    12.3 ms  host     → provider  call 1: …", one line each, or more for long texts.
std::string FormatTimeline(const std::vector<Moment>& moments);

// A line of the protocol in a few words: `final ERROR PROVIDER_DOWN "…"`.
std::string InWords(std::string_view line);

}  // namespace touchstone
