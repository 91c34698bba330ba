#include "conformance/bench/benchmark_file.h"

#include <errno.h>
#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <fstream>

#include "conformance/observe/json_file.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {

tl::expected<std::vector<Benchmark>, std::string> ReadBenchmarks(
    const std::filesystem::path& file) {
  auto json = ReadJsonFile(file);
  if (!json) return tl::unexpected(json.error());
  const auto* root = json->value.if_object();
  const auto* list = root ? root->if_contains("benchmarks") : nullptr;
  if (!list) return tl::unexpected(json->Fault({}, "expected an object with `benchmarks`"));
  auto benchmarks = BenchmarksFromJson(*list);
  if (!benchmarks) return tl::unexpected(json->Fault({"benchmarks"}, benchmarks.error()));
  if (benchmarks->empty())
    return tl::unexpected(json->Fault({"benchmarks"}, "expected at least one"));
  return benchmarks;
}

tl::expected<void, std::string> WriteBenchmarks(const std::filesystem::path& file,
                                                const std::string& host,
                                                const std::vector<Benchmark>& benchmarks) {
  std::ofstream out(file);
  out << ToJson(boost::json::object{
             {"tool", "touchstone bench"}, {"host", host}, {"benchmarks", ToJson(benchmarks)}})
      << "\n";
  out.close();
  if (!out) return tl::unexpected(fmt::format("{}: {}", file.string(), ::strerror(errno)));
  return {};
}

std::string FormatBenchmarks(const std::vector<Benchmark>& benchmarks) {
  std::string text;
  for (const auto& row : benchmarks) {
    text += fmt::format("{:<52} ", row.name);
    if (row.samples.empty()) {
      text += fmt::format("not measured: {}\n", row.not_measured);
      continue;
    }
    const auto [low, high] = std::ranges::minmax(row.samples);
    text += fmt::format("{:>10.4g} {:<6} {:.4g} to {:.4g}, {} rounds", row.Median(), row.unit, low,
                        high, row.samples.size());
    if (row.wanted) {
      text +=
          fmt::format(", wanted {} {:.4g}{}", row.better == Better::kLess ? "at most" : "at least",
                      *row.wanted, row.AsWanted() ? "" : ": MISSED");
    }
    text += "\n";
  }
  return text;
}

std::string FormatComparison(const std::vector<ComparisonRow>& rows) {
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("{:<11} {:<52} {}\n", ToString(row.comparison.change), row.name,
                        row.comparison.why);
  }
  return text;
}

}  // namespace touchstone
