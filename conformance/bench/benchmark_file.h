// Benchmarks in files: the key `benchmarks` of a JSON object, be it what `touchstone bench --json`
// or `ci/bench` wrote or a report.json.
//
// Stateless; any thread may call.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/bench/benchmark.h"

namespace touchstone {

// The error names the file. A file without benchmarks is one.
tl::expected<std::vector<Benchmark>, std::string> ReadBenchmarks(const std::filesystem::path& file);

// Replaces the file. The error says why it cannot be written.
tl::expected<void, std::string> WriteBenchmarks(const std::filesystem::path& file,
                                                const std::string& host,
                                                const std::vector<Benchmark>& benchmarks);

// For a person: a line for each row, with median, spread, and what is wanted or why it was not
// measured.
std::string FormatBenchmarks(const std::vector<Benchmark>& benchmarks);
// A line for each row, the verdict first.
std::string FormatComparison(const std::vector<ComparisonRow>& rows);

}  // namespace touchstone
