// A soak's record (record.h) read into one value. Memory is bounded however long the record is:
// samples and windows are thinned out as they come. One thread at a time.
#pragma once

#include <iosfwd>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "soak/record/record.h"
#include "soak/stats/histogram.h"
#include "soak/summary/summary.h"

namespace touchstone::soak {

// What the trends are judged by: more of it than a report shows.
struct TrackSeries {
  std::vector<Sample> samples;  // every one, or every 2nd, 4th … of a long soak: at most 8192
  LatencyHistogram latencies;   // of all
};

struct Recorded {
  Asked asked;
  // All but the trends and the verdict: soak/trends fills these in. Segments that were killed end
  // at the last line that they wrote. samples: at most 600, each the one with the highest RSS of
  // its neighbours; windows: at most 1500, neighbours joined; failures: the first 50.
  Summary summary;
  TrackSeries host, reference;
};

// A cut line is skipped at the end of the file, and before a `segment` line (the judge was killed
// while writing). The error names file (as given), line, and what is wrong.
tl::expected<Recorded, std::string> ReadRecord(std::istream& in, const std::string& name);
tl::expected<Recorded, std::string> ReadRecordFile(const std::string& path);

}  // namespace touchstone::soak
