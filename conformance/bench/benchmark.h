// What was measured, as one value: what report.json, docs/performance.md and the comparison of two
// runs all read. And the judgement of two of them: better, worse or noise.
//
// Plain values; any thread may copy them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace touchstone {

enum class Better { kLess, kMore };

struct Benchmark {
  std::string name;  // unique in a report: "S ping round trip against the reference"
  std::string unit;  // "ratio", "ms", "1/s", "MiB"
  Better better = Better::kLess;
  std::vector<double> samples;   // one of each round, in order
  std::string about;             // what was done, and what with
  std::optional<double> wanted;  // at most (less is better) or at least
  std::string not_measured;      // why there are no samples

  double Median() const;  // 0 without samples
  // Whether the median is as wanted; true when nothing is wanted, or nothing was measured.
  bool AsWanted() const;
};

// {"name":…,"unit":…,"better":"less","samples":[…],"median":…,"about":…}, and "wanted" and
// "not_measured" where they are set.
boost::json::object ToJson(const Benchmark& benchmark);
boost::json::array ToJson(const std::vector<Benchmark>& benchmarks);

// Reads what ToJson writes; unknown keys are ignored. The error says which key is wrong.
tl::expected<Benchmark, std::string> BenchmarkFromJson(const boost::json::value& json);
tl::expected<std::vector<Benchmark>, std::string> BenchmarksFromJson(
    const boost::json::value& json);

// kNotJudged: there are too few samples to see any difference, or the two cannot be compared.
enum class Change { kBetter, kWorse, kNoise, kNotJudged };
std::string_view ToString(Change change);  // "better", "worse", "noise", "not judged"

struct Comparison {
  Change change = Change::kNotJudged;
  double relative = 0;  // of the medians: 0.1 is a tenth more than before
  double p = 1;         // Mann–Whitney, two-sided
  double effect = 0.5;  // how often a new sample is above an old one
  std::string why;      // for a person: "+12.3 % (median 1.00 -> 1.12), p = 0.008"
};

// A change is one that chance does not explain (p < 0.01) and that is large enough to matter: the
// medians differ by more than `tolerance` (0.1: a tenth of the old one). Both, since with many
// samples any difference is significant, and with few any difference is large.
Comparison Compare(const Benchmark& before, const Benchmark& after, double tolerance);

// One row for each name in either list, in the order of `after`, then what vanished.
struct ComparisonRow {
  std::string name, unit;
  Comparison comparison;
  bool appeared = false, vanished = false;
};
std::vector<ComparisonRow> CompareAll(const std::vector<Benchmark>& before,
                                      const std::vector<Benchmark>& after, double tolerance);

}  // namespace touchstone
