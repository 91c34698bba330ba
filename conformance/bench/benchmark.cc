#include "conformance/bench/benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

tl::unexpected<std::string> Fault(std::string_view key, std::string_view wanted) {
  return tl::unexpected(fmt::format("benchmark: `{}`: expected {}", key, wanted));
}

}  // namespace

double Benchmark::Median() const {
  if (samples.empty()) return 0;
  auto sorted = samples;
  std::ranges::sort(sorted);
  const auto half = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

bool Benchmark::AsWanted() const {
  if (!wanted || samples.empty()) return true;
  return better == Better::kLess ? Median() <= *wanted : Median() >= *wanted;
}

object ToJson(const Benchmark& benchmark) {
  object json{{"name", benchmark.name},
              {"unit", benchmark.unit},
              {"better", benchmark.better == Better::kLess ? "less" : "more"},
              {"samples", boost::json::array(benchmark.samples.begin(), benchmark.samples.end())},
              {"median", benchmark.Median()},
              {"about", benchmark.about}};
  if (benchmark.wanted) json["wanted"] = *benchmark.wanted;
  if (!benchmark.not_measured.empty()) json["not_measured"] = benchmark.not_measured;
  return json;
}

boost::json::array ToJson(const std::vector<Benchmark>& benchmarks) {
  boost::json::array list;
  for (const auto& benchmark : benchmarks) list.push_back(ToJson(benchmark));
  return list;
}

tl::expected<Benchmark, std::string> BenchmarkFromJson(const value& json) {
  const object* fields = json.if_object();
  if (!fields) return tl::unexpected(std::string("benchmark: expected an object"));
  Benchmark benchmark;
  const auto text = [&](const char* key, std::string& into) {
    const value* found = fields->if_contains(key);
    if (found && found->is_string()) into = found->get_string();
    return found && found->is_string();
  };
  if (!text("name", benchmark.name) || benchmark.name.empty()) return Fault("name", "a name");
  if (!text("unit", benchmark.unit)) return Fault("unit", "a string");
  text("about", benchmark.about);
  text("not_measured", benchmark.not_measured);
  std::string better;
  if (!text("better", better) || (better != "less" && better != "more"))
    return Fault("better", "\"less\" or \"more\", in " + benchmark.name);
  benchmark.better = better == "less" ? Better::kLess : Better::kMore;
  const value* samples = fields->if_contains("samples");
  if (!samples || !samples->is_array())
    return Fault("samples", "a list of numbers, in " + benchmark.name);
  for (const value& sample : samples->get_array()) {
    boost::json::error_code ec;
    const auto number = sample.to_number<double>(ec);
    if (ec) return Fault("samples", "a list of numbers, in " + benchmark.name);
    benchmark.samples.push_back(number);
  }
  if (const value* wanted = fields->if_contains("wanted")) {
    boost::json::error_code ec;
    const auto number = wanted->to_number<double>(ec);
    if (ec) return Fault("wanted", "a number, in " + benchmark.name);
    benchmark.wanted = number;
  }
  return benchmark;
}

tl::expected<std::vector<Benchmark>, std::string> BenchmarksFromJson(const value& json) {
  if (!json.is_array()) return tl::unexpected(std::string("benchmarks: expected a list"));
  std::vector<Benchmark> list;
  for (const value& entry : json.get_array()) {
    auto benchmark = BenchmarkFromJson(entry);
    if (!benchmark) return tl::unexpected(benchmark.error());
    list.push_back(std::move(*benchmark));
  }
  return list;
}

}  // namespace touchstone
