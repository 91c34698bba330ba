#include "conformance/commands/flags.h"
#include "conformance/commands/judge.h"

namespace touchstone {
namespace {

class RunCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddRunFlags(app, options);
    app.add_option("--drafts", options.drafts_dir,
                   "play only the cases in this folder, drafts of `touchstone record` too")
        ->check(CLI::ExistingDirectory);
  }

  int Run(const Options& options, const Context& context) override {
    auto suite = LoadSuite(options);
    if (!suite) return Complain(suite.error());
    if (auto error = PrepareReportDir(options)) return Complain(*error);
    auto session = OpenSession(options, context);
    if (!session) return Complain(session.error());
    auto report = JudgeHost(options, *suite, *session, context.stop);
    if (!report) return Complain(report.error());
    return Conclude(options, *report, context.stop);
  }
};

const CommandRegistration<RunCommand> kRun(
    {.name = "run",
     .about = "play all cases and checks at a host and give the verdict",
     .examples = R"(
  touchstone run                                  the bundled reference host
  touchstone run --host-bin ./zene --report-dir report
  touchstone run --area PROV,TIME --seed 7        some of it, and the same again
  touchstone run --only 'req/*' --modes B -- python3 my_host.py)"});

}  // namespace
}  // namespace touchstone
