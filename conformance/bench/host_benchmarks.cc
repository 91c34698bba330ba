#include "conformance/bench/host_benchmarks.h"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/bench/measure.h"

namespace touchstone {
namespace {

// What became of one contender in one measure.
struct Entry {
  std::string name;
  std::unique_ptr<Gauge> gauge;
  std::vector<double> samples;
  std::string error;
};

void PlayRounds(const Measure& measure, std::vector<Entry>& entries,
                const HostBenchmarkOptions& options, const std::stop_token& stop) {
  for (int round = 0; round < options.rounds; ++round) {
    if (options.progress)
      options.progress(fmt::format("{}, round {} of {}", measure.name, round + 1, options.rounds));
    for (std::size_t i = 0; i < entries.size(); ++i) {
      // Backwards each other time, so that nobody always comes first.
      Entry& entry = entries[round % 2 == 0 ? i : entries.size() - 1 - i];
      if (!entry.error.empty()) continue;
      auto sample =
          stop.stop_requested()
              ? tl::expected<double, std::string>(tl::unexpected(std::string("interrupted")))
              : entry.gauge->Round(options.budget);
      if (sample)
        entry.samples.push_back(*sample);
      else
        entry.error = sample.error();
    }
    // Without the judged host there is nothing to compare.
    if (!entries.front().error.empty()) return;
  }
}

Benchmark Ratio(const Measure& measure, const Entry& host, const Entry& other) {
  Benchmark row{
      fmt::format("{} against {}", measure.name, other.name),
      "ratio",
      measure.better,
      {},
      fmt::format("{}: {} divided by {}, round by round", measure.about, host.name, other.name),
      {},
      {}};
  for (const Entry* entry : {&host, &other})
    if (!entry->error.empty()) row.not_measured = entry->name + ": " + entry->error;
  if (!row.not_measured.empty()) return row;
  for (std::size_t i = 0; i < host.samples.size(); ++i)
    row.samples.push_back(host.samples[i] / other.samples[i]);
  return row;
}

Benchmark Absolute(const Measure& measure, const Entry& entry, bool judged) {
  Benchmark row{
      judged ? std::string(measure.name) : fmt::format("{} of {}", measure.name, entry.name),
      std::string(measure.unit),
      measure.better,
      entry.samples,
      std::string(measure.about),
      {},
      entry.error};
  if (!entry.error.empty()) row.samples.clear();
  return row;
}

class Session {
 public:
  Session(std::vector<std::unique_ptr<Contender>> contenders, const HostBenchmarkOptions& options,
          std::stop_token stop)
      : contenders_(std::move(contenders)),
        options_(options),
        stop_(std::move(stop)),
        cores_(options.pin) {}

  std::vector<Benchmark> Play(const Measure& measure) {
    std::vector<Entry> entries;
    for (auto& contender : contenders_) {
      const bool judged = contender == contenders_.front();
      if (!contender->Takes(measure.mode, measure.answers, measure.state)) {
        if (!judged) continue;
        return {Benchmark{
            std::string(measure.name),
            std::string(measure.unit),
            measure.better,
            {},
            std::string(measure.about),
            {},
            fmt::format("the profile has no command for mode {}", ToString(measure.mode))}};
      }
      contender->Prepare(measure.mode, measure.answers);
      entries.push_back(
          {contender->name(), measure.begin(measure, {*contender, cores_, stop_}), {}, {}});
    }
    PlayRounds(measure, entries, options_, stop_);
    std::vector<Benchmark> rows;
    for (const auto& entry : entries) {
      const bool judged = &entry == &entries.front();
      if (!judged) rows.push_back(Ratio(measure, entries.front(), entry));
      if (options_.absolute) rows.push_back(Absolute(measure, entry, judged));
    }
    return rows;
  }

 private:
  const std::vector<std::unique_ptr<Contender>> contenders_;
  const HostBenchmarkOptions& options_;
  const std::stop_token stop_;
  const Cores cores_;
};

}  // namespace

std::vector<Benchmark> RunHostBenchmarks(Rig& rig, const Profile& reference,
                                         const HostBenchmarkOptions& options,
                                         std::stop_token stop) {
  auto other = MakeRig(reference, rig.scratch / "reference", rig.seed);
  if (!other) {
    return {Benchmark{
        "S ping against " + reference.name, "ratio", Better::kLess, {}, {}, {}, other.error()}};
  }
  std::vector<std::unique_ptr<Contender>> contenders;
  contenders.push_back(HostContender(rig.profile.name, rig));
  contenders.push_back(HostContender(reference.name, **other));
  for (const auto& peer : options.peers) contenders.push_back(PeerContender(peer));
  Session session(std::move(contenders), options, stop);
  std::vector<Benchmark> rows;
  for (const Measure& measure : Measures()) {
    if (measure.name.find(options.only) == std::string_view::npos) continue;
    if (stop.stop_requested()) break;
    for (auto& row : session.Play(measure)) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace touchstone
