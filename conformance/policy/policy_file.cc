#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <charconv>
#include <set>

#include "conformance/observe/json_fields.h"
#include "conformance/policy/policy.h"

namespace touchstone::policy {
namespace {

using std::chrono::milliseconds;
constexpr auto kNeeded = JsonFields::kNeeded;
constexpr std::int64_t kMany = 1'000'000'000;
constexpr double kLarge = 1e9;

void ReadModes(JsonFields& fields, Modes& modes) {
  if (!fields.Has("modes")) return void(fields.Texts("modes"));
  Modes read;
  for (const auto& text : fields.Texts("modes")) {
    const auto mode = ModeFromString(text);
    if (!mode || *mode == Mode::kNone) return fields.Fault("modes", "expected S, O or B");
    if (std::ranges::find(read, *mode) != read.end())
      return fields.Fault("modes", fmt::format("{} stands there twice", text));
    read.push_back(*mode);
  }
  if (read.empty()) fields.Fault("modes", "expected at least one of S, O and B");
  modes = read;
}

// "90s", "10m", "24h".
std::optional<milliseconds> ReadDuration(JsonFields& fields, const std::string& key) {
  const auto text = fields.Text(key);
  if (!text) return std::nullopt;
  std::int64_t count = 0;
  const char* end = text->data() + text->size();
  const auto [unit, ec] = std::from_chars(text->data(), end, count);
  const std::string_view rest(unit, static_cast<std::size_t>(end - unit));
  const std::int64_t scale = rest == "ms"  ? 1
                             : rest == "s" ? 1000
                             : rest == "m" ? 60'000
                             : rest == "h" ? 3'600'000
                                           : 0;
  constexpr std::int64_t kYear = 8784LL * 3'600'000;
  if (ec != std::errc() || scale == 0 || text->starts_with('0') || count < 1 ||
      count > kYear / scale) {
    fields.Fault(key, fmt::format("expected a time such as 90s, 10m or 24h, got \"{}\"", *text));
    return std::nullopt;
  }
  return milliseconds(count * scale);
}

void ReadRun(JsonFields fields, RunSuite& run) {
  ReadModes(fields, run.modes);
  run.areas = fields.Texts("areas");
  run.only = fields.Texts("only");
  run.jobs = static_cast<int>(fields.Integer("jobs", 1, 256).value_or(0));
  run.repeat = static_cast<int>(fields.Integer("repeat", 1, 1000).value_or(1));
  fields.NothingElse();
}

FuzzSuite ReadFuzz(JsonFields fields) {
  FuzzSuite fuzz;
  ReadModes(fields, fuzz.modes);
  fuzz.cases = fields.Integer("cases", 1, kMany, kNeeded).value_or(0);
  fields.NothingElse();
  return fuzz;
}

ModelSuite ReadModel(JsonFields fields) {
  ModelSuite model;
  model.programs = static_cast<int>(fields.Integer("programs", 1, kMany, kNeeded).value_or(0));
  model.steps = static_cast<int>(fields.Integer("steps", 1, 1000).value_or(40));
  fields.NothingElse();
  return model;
}

void ReadTolerances(JsonFields fields, SoakTolerances& tolerances) {
  tolerances.rss_kib_per_hour = fields.Number("rss_kib_per_hour", 0, kLarge);
  tolerances.descriptors_per_hour = fields.Number("descriptors_per_hour", 0, kLarge);
  tolerances.threads_per_hour = fields.Number("threads_per_hour", 0, kLarge);
  tolerances.children_per_hour = fields.Number("children_per_hour", 0, kLarge);
  tolerances.latency_ms_per_hour = fields.Number("latency_ms_per_hour", 0, kLarge);
  fields.NothingElse();
}

bool IsName(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

SoakSuite ReadSoak(JsonFields& fields) {
  SoakSuite soak;
  soak.name = fields.Text("name", kNeeded).value_or("");
  if (!IsName(soak.name)) fields.Fault("name", "expected a name of a-z, 0-9 and -");
  soak.mode = *ModeFromString(fields.Word("mode", {"S", "O", "B"}).value_or("S"));
  soak.duration = ReadDuration(fields, "duration");
  soak.requests = fields.Integer("requests", 1, kMany);
  if (soak.duration.has_value() == soak.requests.has_value())
    fields.Fault("", "a soak says either `duration` or `requests`");
  soak.rate = fields.Text("rate").value_or(soak.rate);
  soak.mix = fields.Text("mix").value_or(soak.mix);
  soak.reference = fields.Flag("reference").value_or(false);
  soak.checkpoint = fields.Text("checkpoint").value_or("");
  soak.segment = ReadDuration(fields, "segment");
  if (soak.segment && soak.checkpoint.empty())
    fields.Fault("segment", "a soak in segments needs a `checkpoint` to go on from");
  if (auto tolerances = fields.Object("tolerances")) ReadTolerances(*tolerances, soak.tolerances);
  fields.NothingElse();
  return soak;
}

void ReadLimits(JsonFields fields, const Policy& policy, Limits& limits) {
  if (auto latency = fields.Object("latency")) {
    limits.p99_ms = latency->Number("p99_ms", 0, kLarge);
    limits.p99_ratio_to_reference = latency->Number("p99_ratio_to_reference", 0, kLarge);
    latency->NothingElse();
    if (policy.soaks.empty()) latency->Fault("", "nothing measures it: there is no `soak`");
    const bool compared = std::ranges::any_of(policy.soaks, &SoakSuite::reference);
    if (limits.p99_ratio_to_reference && !compared)
      latency->Fault("p99_ratio_to_reference", "no soak has a `reference`");
  }
  if (auto memory = fields.Object("memory")) {
    limits.peak_rss_mib = memory->Number("peak_rss_mib", 0, kLarge, kNeeded);
    memory->NothingElse();
    if (policy.soaks.empty()) memory->Fault("", "nothing measures it: there is no `soak`");
  }
  if (auto inconclusive = fields.Object("inconclusive")) {
    limits.inconclusive = inconclusive->Integer("at_most", 0, kMany);
    limits.inconclusive_percent = inconclusive->Number("at_most_percent", 0, 100);
    inconclusive->NothingElse();
  }
  limits.flaky = fields.Integer("flaky", 0, kMany).value_or(0);
  if (fields.Has("flaky") && policy.run.repeat == 1)
    fields.Fault("flaky", "nothing can be flaky: suites.run.repeat is 1");
  fields.NothingElse();
}

Baseline ReadBaseline(JsonFields fields, const std::filesystem::path& folder) {
  Baseline baseline;
  baseline.report = folder / fields.Text("report", kNeeded).value_or("");
  baseline.benchmark_tolerance =
      fields.Number("benchmark_tolerance_percent", 0, 1000).value_or(10) / 100;
  baseline.may_vanish = fields.Texts("may_vanish");
  fields.NothingElse();
  return baseline;
}

void ReadSuites(JsonFields suites, Policy& policy) {
  if (auto run = suites.Object("run", kNeeded)) ReadRun(*run, policy.run);
  policy.requests = suites.Integer("requests", 1, 100'000'000);
  if (auto fuzz = suites.Object("fuzz")) policy.fuzz = ReadFuzz(*fuzz);
  if (auto model = suites.Object("model")) policy.model = ReadModel(*model);
  const auto selftest = suites.Word("selftest", {"none", "fast", "all"}).value_or("none");
  policy.selftest = selftest == "all"    ? Selftest::kAll
                    : selftest == "fast" ? Selftest::kFast
                                         : Selftest::kNone;
  std::set<std::string> names;
  suites.Each("soak", [&](JsonFields& soak) {
    policy.soaks.push_back(ReadSoak(soak));
    if (!names.insert(policy.soaks.back().name).second)
      soak.Fault("name", "another soak has this name");
  });
  if (auto benchmarks = suites.Object("benchmarks")) {
    policy.benchmarks =
        BenchmarkSuite{static_cast<int>(benchmarks->Integer("rounds", 5, 1000).value_or(5))};
    benchmarks->NothingElse();
  }
  suites.NothingElse();
}

}  // namespace

tl::expected<Policy, std::string> Load(const std::filesystem::path& path) {
  auto file = ReadJsonFile(path);
  if (!file) return tl::unexpected(file.error());
  Policy policy;
  policy.file = std::move(*file);
  std::string fault;
  JsonFields root(policy.file, fault);
  const auto folder = path.parent_path();
  policy.name = root.Text("name", kNeeded).value_or("");
  if (!IsName(policy.name)) root.Fault("name", "expected a name of a-z, 0-9 and -");
  policy.about = root.Text("about").value_or("");
  policy.milestone = root.Word("milestone", {"M1", "M2", "M3"}, kNeeded).value_or("M1");
  if (auto suites = root.Object("suites", kNeeded)) ReadSuites(*suites, policy);
  if (auto limits = root.Object("limits")) ReadLimits(*limits, policy, policy.limits);
  if (const auto waivers = root.Text("waivers")) policy.waivers = folder / *waivers;
  if (auto baseline = root.Object("baseline")) policy.baseline = ReadBaseline(*baseline, folder);
  root.NothingElse();
  if (!fault.empty()) return tl::unexpected(fault);
  return policy;
}

}  // namespace touchstone::policy
