#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "conformance/bench/benchmark_file.h"
#include "conformance/bench/host_benchmarks.h"
#include "conformance/commands/flags.h"
#include "conformance/commands/session.h"

namespace touchstone {
namespace {

class BenchCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddHostFlags(app, options);
    app.add_option("--reference", reference_,
                   "the host to measure beside it: a profile (.json), or a program with the "
                   "contract's command line; refhost if not given");
    app.add_option("--peer", peers_,
                   "NAME=COMMAND: a program to measure beside it that answers each line with one "
                   "line, such as cat=cat; may be given several times");
    app.add_option("--rounds", rounds_, "each contender in turn, so many times")
        ->check(CLI::Range(1, 1000))
        ->default_str("7");
    AddDurationFlag(app, "--round-time", round_ms_, "of each measure and contender in a round")
        ->default_str("100ms");
    app.add_option("--only", only_, "only measures with this in their name, for example 'S ping'");
    app.add_flag("--no-pin", no_pin_, "leave it to the scheduler on which cores they run");
    app.add_option("--json", json_, "write the samples to this file, too");
    app.add_option("--compare", compare_,
                   "OLD.json NEW.json: measure nothing, say what is better, worse or noise")
        ->expected(2)
        ->check(CLI::ExistingFile);
    app.add_option("--tolerance", tolerance_,
                   "a change of the median within it is noise; 0.1 is a tenth")
        ->check(CLI::NonNegativeNumber)
        ->default_str("0.1");
  }

  std::string Check(Options&) override {
    for (const auto& text : peers_) {
      const auto equals = text.find('=');
      Peer peer{text.substr(0, equals), {}};
      std::istringstream words(equals == std::string::npos ? "" : text.substr(equals + 1));
      for (std::string word; words >> word;) peer.argv.push_back(word);
      if (peer.name.empty() || peer.argv.empty())
        return fmt::format("--peer {}: expected NAME=COMMAND", text);
      parsed_peers_.push_back(std::move(peer));
    }
    return {};
  }

  int Run(const Options& options, const Context& context) override {
    return compare_.empty() ? Measure(options, context) : Compare();
  }

 private:
  int Measure(const Options& options, const Context& context);
  int Compare();
  tl::expected<Profile, CommandError> Reference(const Options& options) const;

  std::string reference_, only_;
  std::vector<std::string> peers_;
  std::vector<Peer> parsed_peers_;
  int rounds_ = 7;
  std::int64_t round_ms_ = 100;
  bool no_pin_ = false;
  std::filesystem::path json_;
  std::vector<std::string> compare_;
  double tolerance_ = 0.1;
};

tl::expected<Profile, CommandError> BenchCommand::Reference(const Options& options) const {
  Options other = options;
  other.host_bin.clear();
  other.host_command.clear();
  other.profile_file.clear();
  if (reference_.ends_with(".json"))
    other.profile_file = reference_;
  else
    other.host_bin = reference_;
  return ProfileFromOptions(other);
}

int BenchCommand::Measure(const Options& options, const Context& context) {
  auto profile = ProfileFromOptions(options);
  if (!profile) return Complain(profile.error());
  auto reference = Reference(options);
  if (!reference) return Complain(reference.error());
  auto rig = MakeRig(std::move(*profile), context.scratch, options.seed);
  if (!rig) return Complain({rig.error()});
  HostBenchmarkOptions bench;
  bench.rounds = rounds_;
  bench.budget = std::chrono::milliseconds(round_ms_);
  bench.pin = !no_pin_;
  bench.absolute = true;
  bench.peers = parsed_peers_;
  bench.only = only_;
  if (!options.plain) {
    bench.progress = [](const std::string& now) { fmt::print(stderr, "\r\x1b[K{}", now); };
  }
  const auto rows = RunHostBenchmarks(**rig, *reference, bench, context.stop);
  if (!options.plain) fmt::print(stderr, "\r\x1b[K");
  if (context.stop.stop_requested()) return 130;
  if (rows.empty()) return Complain({fmt::format("--only {}: no such measure", only_), 2});
  fmt::print("{}", FormatBenchmarks(rows));
  if (!json_.empty()) {
    if (auto written = WriteBenchmarks(json_, (*rig)->profile.name, rows); !written)
      return Complain({written.error()});
  }
  const bool all = std::ranges::none_of(rows, [](const auto& row) { return row.samples.empty(); });
  return all ? 0 : Complain({"not everything could be measured"});
}

int BenchCommand::Compare() {
  const auto before = ReadBenchmarks(compare_[0]);
  if (!before) return Complain({before.error(), 2});
  const auto after = ReadBenchmarks(compare_[1]);
  if (!after) return Complain({after.error(), 2});
  const auto rows = CompareAll(*before, *after, tolerance_);
  fmt::print("{}", FormatComparison(rows));
  int count[4] = {};
  for (const auto& row : rows) ++count[static_cast<int>(row.comparison.change)];
  const auto of = [&](Change change) { return count[static_cast<int>(change)]; };
  fmt::print("{} better, {} worse, {} noise, {} not judged\n", of(Change::kBetter),
             of(Change::kWorse), of(Change::kNoise), of(Change::kNotJudged));
  if (of(Change::kWorse) > 0) return 1;
  const bool none = of(Change::kNotJudged) == static_cast<int>(rows.size());
  return none ? Complain({"nothing could be compared"}) : 0;
}

const CommandRegistration<BenchCommand> kBench(
    {.name = "bench",
     .about = "how fast a host is, beside another one on the same machine",
     .examples =
         R"(
  touchstone bench --host-bin ./zene            beside refhost: pings, runs, one-shots
  touchstone bench --reference ./zene-1.0 --host-bin ./zene-1.1 --json new.json
  touchstone bench --only 'S ping' --peer cat=cat
  touchstone bench --compare old.json new.json  exit 1 when something is worse)"});

}  // namespace
}  // namespace touchstone
