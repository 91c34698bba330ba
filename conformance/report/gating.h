// What a gate adds to a report: which part of which plan was played, how much the counts prove, and
// what changed since an earlier report. Plain values; any thread may copy them.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace touchstone {

// A bound of the failure rate, from a count.
struct Statistic {
  std::string
      text;  // "1000 of 1000 requests in mode S answered right: failure rate below 0.30 % …"
  std::string check, mode, what;  // "load/thousand-requests", "S", "requests"
  std::int64_t total = 0, right = 0;
  double below = 1;  // the failure rate, one-sided at `confidence`, exact (Clopper–Pearson)
  double confidence = 0.95;
};

// `--shard`: which part of the plan was played, and how to know the others.
struct ShardInfo {
  int index = 1, of = 1;
  int planned_total = 0;    // checks and modes of the whole plan
  std::string plan_digest;  // of the whole plan: shard.h

  bool operator==(const ShardInfo&) const = default;
};

// One thing that two reports say differently.
struct DifferenceRow {
  std::string subject;   // "frame/good [S]", "FRAME-01", "S ping round trip against the reference"
  std::string kind;      // "check", "requirement", "benchmark"
  std::string was, now;  // verdicts, or medians with their unit; empty: it was, or is, not there
  std::string message;   // why, as the report that has it says
};

// From an old report to a new one.
struct Difference {
  std::string old_report;                // the file
  std::vector<DifferenceRow> regressed;  // passed, and fails or is flaky; a benchmark that is worse
  std::vector<DifferenceRow> fixed;      // failed or was flaky, and passes; a benchmark: better
  std::vector<DifferenceRow> appeared;   // judged now, and was not
  std::vector<DifferenceRow> vanished;   // judged before, and is no more: it is gone, or skipped
  std::vector<DifferenceRow> unproven;   // was judged, and is inconclusive
  std::vector<DifferenceRow> noise;      // benchmarks that chance explains

  bool Regressed() const { return !regressed.empty() || !vanished.empty(); }
};

boost::json::object ToJson(const Statistic& statistic);
boost::json::object ToJson(const ShardInfo& shard);
// {"report":…,"regressed":[{"subject":…,"kind":…,"was":…,"now":…,"message":…}],"fixed":[…],…}
boost::json::object ToJson(const Difference& difference);

}  // namespace touchstone
