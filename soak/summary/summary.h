// What a soak was and did, as one value: what the record (JSON Lines) is read into, and what
// report.json, report.html and the gate read. Plain values; any thread may copy them.
//
// All times are seconds of soaked time: they count over all segments, and stand still between them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::soak {

// A process tree at one moment, as /proc tells it, and the judge's own lag since the last sample.
struct Sample {
  double at_s = 0;
  std::int64_t rss_bytes = 0;
  std::optional<std::int64_t> pss_bytes;  // where it is cheap
  int descriptors = 0, threads = 0, children = 0;
  double cpu_percent = 0;  // of one core, since the last sample
  double lag_ms = 0;       // how much the judge's lag gauge overslept at worst
  int life = 1;            // the host's n-th process: a restart begins a new one
};

struct Latency {  // from the intended start to the terminal
  double p50_ms = 0, p90_ms = 0, p99_ms = 0, max_ms = 0;
};

// One minute (or what a short soak has instead): what was answered in it.
struct Window {
  double from_s = 0, seconds = 0;
  std::map<std::string, std::int64_t> outcomes;  // "OK", "PONG", "TIMEOUT", "PROVIDER_DOWN", …
  std::int64_t intended = 0, answered = 0, unexpected = 0;
  Latency latency;
};

// Something that was done to the host, for the charts: "provider outage", "SIGKILL and restart".
struct Mark {
  double from_s = 0, until_s = 0;
  std::string what;
};

struct Segment {                // one run of the judge; a resumed soak has several
  std::int64_t started_ms = 0;  // Unix
  double from_s = 0, until_s = 0;
  std::string ended;  // "complete", "interrupted", "killed" (no end was recorded), "host failed"
};

enum class TrendVerdict { kSteady, kRises, kNotJudged };

struct TrendRow {
  std::string requirement;  // LOAD-02, LOAD-04
  std::string what, unit;   // "RSS", "KiB"
  TrendVerdict verdict = TrendVerdict::kNotJudged;
  double slope_per_hour = 0, tolerance_per_hour = 0, p = 1;
  int points = 0;        // that were judged, after the warm-up
  double warm_up_s = 0;  // found, not assumed
  std::string message;   // why it is not judged, or what rises
};

struct Failure {
  double at_s = 0;
  std::string requirement, message;
};

// One host under the load: the judged one, or the reference beside it.
struct Track {
  std::string name, command;
  std::map<std::string, std::int64_t> outcomes;
  std::int64_t intended = 0, answered = 0, unexpected = 0;
  Latency latency;              // of all
  std::vector<Sample> samples;  // thinned out: at most some hundreds
  std::vector<Window> windows;
  std::vector<TrendRow> trends;
  std::vector<Failure> failures;  // the first ones
  std::int64_t failure_count = 0;
};

struct Summary {
  std::string name;      // in the policy that asked for it; empty: none did
  std::string mode;      // S, O, B
  std::string mix;       // its name
  std::string arrivals;  // "poisson 50/s", "constant 50/s", "closed loop"
  std::uint64_t seed = 0;
  std::optional<double> asked_s;               // either how long
  std::optional<std::int64_t> asked_requests;  // or how many
  double soaked_s = 0;
  std::vector<Segment> segments;
  std::vector<Mark> marks;
  Track host;
  std::optional<Track> reference;
  // "pass", "fail", "not judged" (too short, too few samples, ended early), and why.
  std::string verdict, reason;
};

}  // namespace touchstone::soak
