#include <fmt/format.h>

#include "conformance/commands/flags.h"
#include "conformance/commands/gate_drivers.h"
#include "conformance/commands/judge.h"
#include "conformance/commands/load_with_progress.h"
#include "conformance/commands/policies.h"
#include "conformance/gate/verdicts.h"

namespace touchstone {
namespace {

class GateCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddRunFlags(app, options);
    auto* requests = app.add_option("--requests", requests_, "in each mode")
                         ->check(CLI::Range(1, 100'000'000))
                         ->default_str("1000");
    auto* policy = app.add_option("--policy", policy_,
                                  "what to ask for: a name in ci/policies (pull-request, release, "
                                  "nightly), or a file (docs/policies.md)");
    // The policy says all that; a gate that a flag makes weaker is no gate.
    for (const char* flag : {"--modes", "--area", "--only", "--milestone", "--waivers", "--repeat"})
      policy->excludes(app.get_option(flag));
    policy->excludes(requests);
    app.add_option("--baseline", baseline_,
                   "the report.json of the last release: what passed there and fails or is missing "
                   "here blocks")
        ->check(CLI::ExistingFile);
  }

  int Run(const Options& options, const Context& context) override;

 private:
  // Without a policy the gate is run, and a load in each mode.
  std::vector<Job> Loads(const Options& options, const Session& session, std::stop_token stop);

  int requests_ = 1000;
  std::string policy_;
  std::filesystem::path baseline_;
};

int GateCommand::Run(const Options& asked, const Context& context) {
  Options options = asked;
  auto policy = LoadPolicy(options, policy_, baseline_);
  if (!policy) return Complain(policy.error());
  if (!policy_.empty()) ApplyPolicy(*policy, options);
  auto before = LoadBaseline(*policy);
  if (!before) return Complain(before.error());
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  suite->waiving.flaky_allowed = static_cast<int>(policy->limits.flaky);
  if (auto error = PrepareReportDir(options)) return Complain(*error);
  auto session = OpenSession(options, context);
  if (!session) return Complain(session.error());
  auto yield = std::make_shared<gate::Yield>();
  auto more = policy_.empty()
                  ? Loads(options, *session, context.stop)
                  : gate::SuiteJobs(*policy, MakeDrivers(options, *suite, *policy, context), yield);
  auto report = JudgeHost(options, *suite, *session, context.stop, std::move(more));
  if (!report) return Complain(report.error());
  if (!policy_.empty()) {
    report->suite_command = fmt::format("touchstone gate --policy {} --seed {}{}", Quoted(policy_),
                                        options.seed, HostOptions(options));
  }
  report->soaks = std::move(yield->soaks);
  report->benchmarks = std::move(yield->benchmarks);
  JudgeByPolicy(*policy, *before, *report);
  return Conclude(options, *report, context.stop);
}

// A full run plays a thousand requests by itself: load/thousand-requests.
std::vector<Job> GateCommand::Loads(const Options& options, const Session& session,
                                    std::stop_token stop) {
  std::vector<Job> loads;
  if (requests_ == 1000 && !options.filter.active()) return loads;
  for (Mode mode : options.filter.modes) {
    if (session.preflight.mute.contains(mode) || !session.rig->profile.CommandFor(mode)) continue;
    loads.push_back({fmt::format("load/soak-{}", requests_),
                     "check",
                     {"LOAD-01"},
                     mode,
                     {},
                     false,
                     true,
                     [this, &options, mode, stop](Rig& rig) {
                       return gate::JudgeLoad(
                           RunLoadWithProgress(options, requests_, rig, mode, stop));
                     }});
  }
  return loads;
}

const CommandRegistration<GateCommand> kGate(
    {.name = "gate",
     .about = "what a release must pass: a policy, or run and --requests requests in each mode",
     .examples =
         R"(
  touchstone gate --report-dir report             all of M1 and 1000 requests in each mode
  touchstone gate --profile my-host.json --requests 5000
  touchstone gate --policy pull-request --host-bin ./zene
  touchstone gate --policy release --baseline last/report.json --report-dir report
  touchstone gate --policy ./mine.json --shard 1/3 --seed 7 --report-dir part-1)"});

}  // namespace
}  // namespace touchstone
