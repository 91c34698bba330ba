#include "conformance/commands/gate_drivers.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "conformance/bench/host_benchmarks.h"
#include "conformance/commands/gate_soak.h"
#include "conformance/commands/load_with_progress.h"
#include "conformance/commands/selftest_plan.h"
#include "conformance/commands/ticker.h"
#include "conformance/gate/verdicts.h"

namespace touchstone {
namespace {

Judgement Search(const Options& options, Rig& rig, Mode mode, std::int64_t cases,
                 std::stop_token stop) {
  fuzz::CampaignOptions campaign;
  campaign.mode = mode;
  campaign.seed = options.seed;
  campaign.cases = static_cast<std::uint64_t>(cases);
  campaign.workers = options.jobs;
  Ticker ticker(fmt::format("fuzz [{}]", ToString(mode)));
  const auto told = [&](std::uint64_t inputs, std::size_t findings) {
    ticker.Tell(fmt::format("{} of {} inputs, {} findings", inputs, cases, findings));
  };
  return gate::JudgeSearch(fuzz::RunCampaign(rig, campaign, told, stop));
}

Judgement Programs(const Options& options, Rig& rig, const policy::ModelSuite& suite,
                   std::stop_token stop) {
  model::HuntPlan plan;
  plan.seed = options.seed;
  plan.programs = suite.programs;
  plan.steps = suite.steps;
  plan.threads = options.jobs;
  Ticker ticker("model");
  const auto hunted = model::Hunt(rig, plan, stop, [&](const model::Hunted& so_far) {
    ticker.Tell(fmt::format("{} of {} programs", so_far.programs, suite.programs));
  });
  return gate::JudgeHunt(hunted, suite.programs);
}

// The judge is judged with the bundled host, whatever the host under test is.
Judgement Bite(const Options& asked, const Suite& suite, policy::Selftest which,
               const Context& context) {
  Options options = Bundled(asked);
  options.jobs = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  auto plan = MakeSelftestPlan(options, suite, context.scratch);
  if (!plan) return Judgement::Inconclusive(plan.error().message);
  const bool fast = which == policy::Selftest::kFast;
  for (const auto& defect : defective::Defects()) {
    if (!defect.requirement.empty() && (!fast || defect.fast)) plan->defects.push_back(&defect);
  }
  Ticker ticker("selftest");
  std::size_t done = 0;
  auto matrix = RunSelftest(
      *plan,
      [&](const Trial& trial) {
        ++done;
        ticker.Tell(
            fmt::format("{} of {} defects; {}", done, plan->defects.size(), FormatTrial(trial)));
      },
      context.stop);
  if (!matrix) return Judgement::Inconclusive(matrix.error());
  if (!fast) matrix->without_defect = RequirementsWithoutDefect(suite);
  return gate::JudgeSelftest(*matrix);
}

tl::expected<std::vector<Benchmark>, std::string> Benchmarks(const Options& options,
                                                             const Context& context, Rig& rig,
                                                             const policy::BenchmarkSuite& suite) {
  auto profile = ProfileFromOptions(Bundled(options));
  if (!profile) return tl::unexpected(profile.error().message);
  HostBenchmarkOptions bench;
  bench.rounds = suite.rounds;
  Ticker ticker("benchmarks");
  bench.progress = [&](const std::string& state) { ticker.Tell(state); };
  auto benchmarks = RunHostBenchmarks(rig, *profile, bench, context.stop);
  if (context.stop.stop_requested()) return tl::unexpected(std::string("interrupted"));
  return benchmarks;
}

}  // namespace

Options Bundled(Options options) {
  options.profile_file.clear();
  options.host_bin.clear();
  options.host_command.clear();
  return options;
}

gate::Drivers MakeDrivers(const Options& options, const Suite& suite, const policy::Policy& policy,
                          const Context& context) {
  gate::Drivers drivers;
  const auto stop = context.stop;
  drivers.load = [&options, stop](Rig& rig, Mode mode, int requests) {
    return gate::JudgeLoad(RunLoadWithProgress(options, requests, rig, mode, stop));
  };
  drivers.fuzz = [&options, stop](Rig& rig, Mode mode, std::int64_t cases) {
    return Search(options, rig, mode, cases, stop);
  };
  drivers.model = [&options, stop](Rig& rig, const policy::ModelSuite& suite) {
    return Programs(options, rig, suite, stop);
  };
  drivers.selftest = [&options, &suite, context](policy::Selftest which) {
    return Bite(options, suite, which, context);
  };
  drivers.soak = [&options, &policy, context](Rig& rig, const policy::SoakSuite& suite) {
    return RunSoakSuite(options, context, policy, rig, suite);
  };
  drivers.benchmarks = [&options, context](Rig& rig, const policy::BenchmarkSuite& suite) {
    return Benchmarks(options, context, rig, suite);
  };
  return drivers;
}

}  // namespace touchstone
