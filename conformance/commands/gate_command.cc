#include <fmt/format.h>

#include "conformance/commands/judge.h"
#include "conformance/commands/soak_command.h"

namespace touchstone {
int GateCommand(const Options& options, const Context& context) {
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  if (auto error = PrepareReportDir(options)) return Complain(*error);
  auto session = OpenSession(options, context);
  if (!session) return Complain(session.error());
  // The soaks are planned and accounted for together with the run. A full run plays a thousand
  // requests by itself: load/thousand-requests.
  std::vector<Job> soaks;
  const bool played_anyway = options.requests == 1000 && !options.filter.active();
  for (Mode mode : options.filter.modes) {
    if (played_anyway) break;
    if (session->preflight.mute.contains(mode) || !session->rig->profile.CommandFor(mode)) continue;
    soaks.push_back({fmt::format("load/soak-{}", options.requests),
                     "check",
                     {"LOAD-01"},
                     mode,
                     {},
                     false,
                     true,
                     [&options, mode, stop = context.stop](Rig& rig) {
                       auto load = RunLoadWithProgress(options, rig, mode, stop);
                       return Judgement::From(std::move(load.violations),
                                              std::move(load.transcript));
                     }});
  }
  auto report = JudgeHost(options, *suite, *session, context.stop, std::move(soaks));
  if (!report) return Complain(report.error());
  return Conclude(options, *report, context.stop);
}

}  // namespace touchstone
