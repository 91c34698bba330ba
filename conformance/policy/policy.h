// What a gate asks for, as a file: which suites, how much of each, and what may not be.
// docs/policies.md describes it, golden/schema/policy.schema.json says it formally.
//
// Plain values; any thread may copy them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"
#include "conformance/observe/json_file.h"

namespace touchstone::policy {

using Modes = std::vector<Mode>;

struct RunSuite {
  Modes modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge};
  std::vector<std::string> areas, only;  // empty: all
  int jobs = 0;                          // 0: the command line's
  int repeat = 1;
};

struct FuzzSuite {
  Modes modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge};
  std::int64_t cases = 0;  // in each mode; in O and B each is a process
};

struct ModelSuite {
  int programs = 0, steps = 40;
};

enum class Selftest { kNone, kFast, kAll };

// The rise that a host may show in a soak; what is not set is as the soak's own default.
struct SoakTolerances {
  std::optional<double> rss_kib_per_hour, descriptors_per_hour, threads_per_hour, children_per_hour,
      latency_ms_per_hour;
};

struct SoakSuite {
  std::string name;  // unique in the policy: "short"
  Mode mode = Mode::kStream;
  std::optional<std::chrono::milliseconds> duration;  // either this
  std::optional<std::int64_t> requests;               // or this
  std::string rate = "20/s";                          // as `touchstone soak --rate` takes it
  std::string mix = "default";                        // a name, or a file beside the policy
  bool reference = false;                             // the bundled host beside it
  // Of a soak that goes on over several runs of the gate: where it is kept (relative to the report
  // folder), and how long one run may take.
  std::string checkpoint;
  std::optional<std::chrono::milliseconds> segment;
  SoakTolerances tolerances;
};

struct BenchmarkSuite {
  int rounds = 5;
};

struct Limits {
  std::optional<double> p99_ms;                  // of each soak
  std::optional<double> p99_ratio_to_reference;  // of each soak with a reference
  std::optional<double> peak_rss_mib;            // of each soak
  std::optional<std::int64_t> inconclusive;      // results, at most
  std::optional<double> inconclusive_percent;    // of the planned checks, at most
  std::int64_t flaky = 0;                        // results, at most
};

struct Baseline {
  std::filesystem::path report;
  double benchmark_tolerance = 0.1;     // a tenth
  std::vector<std::string> may_vanish;  // globs of checks ("area/name [S]") that were taken out
};

struct Policy {
  std::string name, about, milestone = "M1";
  RunSuite run;
  std::optional<std::int64_t> requests;  // in each of the run's modes
  std::optional<FuzzSuite> fuzz;
  std::optional<ModelSuite> model;
  Selftest selftest = Selftest::kNone;
  std::vector<SoakSuite> soaks;
  std::optional<BenchmarkSuite> benchmarks;
  Limits limits;
  std::filesystem::path waivers;  // empty: none
  std::optional<Baseline> baseline;

  JsonFile file;  // what it was read from
  // "release.json:12 soak": the place that a reason names. A policy made of flags has none.
  std::string Line(const std::vector<std::string>& path) const;
};

// The error names file, line and reason: an unknown key, a wrong type, a number that cannot be, a
// limit that nothing in the policy measures. Paths in it are relative to its folder.
tl::expected<Policy, std::string> Load(const std::filesystem::path& file);

// A file, or the name of one in `folder` (ci/policies): "release". The error lists the names.
tl::expected<std::filesystem::path, std::string> Find(const std::filesystem::path& folder,
                                                      const std::string& name_or_file);

}  // namespace touchstone::policy
