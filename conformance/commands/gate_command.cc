#include <fmt/format.h>

#include "conformance/commands/flags.h"
#include "conformance/commands/judge.h"
#include "conformance/commands/load_with_progress.h"

namespace touchstone {
namespace {

class GateCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddRunFlags(app, options);
    app.add_option("--requests", requests_, "in each mode")
        ->check(CLI::Range(1, 100'000'000))
        ->default_str("1000");
  }

  int Run(const Options& options, const Context& context) override {
    auto suite = LoadSuite(options);
    if (!suite) return Complain(suite.error());
    if (auto error = PrepareReportDir(options)) return Complain(*error);
    auto session = OpenSession(options, context);
    if (!session) return Complain(session.error());
    auto report =
        JudgeHost(options, *suite, *session, context.stop, Loads(options, *session, context.stop));
    if (!report) return Complain(report.error());
    return Conclude(options, *report, context.stop);
  }

 private:
  // The loads are planned and accounted for together with the run. A full run plays a thousand
  // requests by itself: load/thousand-requests.
  std::vector<Job> Loads(const Options& options, const Session& session, std::stop_token stop) {
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
                         auto load = RunLoadWithProgress(options, requests_, rig, mode, stop);
                         return Judgement::From(std::move(load.violations),
                                                std::move(load.transcript));
                       }});
    }
    return loads;
  }

  int requests_ = 1000;
};

const CommandRegistration<GateCommand> kGate(
    {.name = "gate",
     .about = "what a release must pass: run, then --requests requests in each mode",
     .examples =
         R"(  touchstone gate --report-dir report             all of M1 and 1000 requests in each mode
  touchstone gate --profile my-host.json --requests 5000)"});

}  // namespace
}  // namespace touchstone
