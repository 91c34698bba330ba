#include "conformance/commands/judge.h"

namespace touchstone {

int RunCommand(const Options& options, const Context& context) {
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  if (auto error = PrepareReportDir(options)) return Complain(*error);
  auto session = OpenSession(options, context);
  if (!session) return Complain(session.error());
  auto report = JudgeHost(options, *suite, *session, context.stop);
  if (!report) return Complain(report.error());
  return Conclude(options, *report, context.stop);
}

}  // namespace touchstone
