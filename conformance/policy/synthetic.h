// Reports made up for the tests of policies: no host is started.
#pragma once

#include <string>
#include <vector>

#include "conformance/report/report.h"

namespace touchstone::testing {

inline CheckResult Result(const std::string& check, Verdict verdict,
                          const std::string& message = "", Mode mode = Mode::kStream,
                          const std::string& kind = "case") {
  CheckResult result{check, kind, {"CTRL-01"}, mode, {}, 1, {}};
  result.judgement.verdict = verdict;
  result.judgement.message = message;
  return result;
}

inline CheckResult SuiteResult(const std::string& check, Verdict verdict,
                               const std::string& message = "", Mode mode = Mode::kStream) {
  return Result(check, verdict, message, mode, "suite");
}

// A report of these results, conformant for itself.
inline Report ReportOf(std::vector<CheckResult> results) {
  static const Requirement row{"CTRL-01", "MUST", "M1", {Mode::kStream}, "", "", "t", "1"};
  Report report;
  report.version = "1";
  report.host_name = "host";
  report.milestone = "M1";
  report.results = std::move(results);
  Summary& s = report.ledger.summary;
  for (const auto& result : report.results) {
    const Verdict verdict = result.judgement.verdict;
    ++s.planned;
    ++s.executed;
    s.pass += verdict == Verdict::kPass;
    s.fail += verdict == Verdict::kFail;
    s.flaky += verdict == Verdict::kFlaky;
    s.inconclusive += verdict == Verdict::kInconclusive;
  }
  report.ledger.requirements = {{&row, "pass", false, {}}};
  report.ledger.overall = Overall::kConformant;
  report.ledger.exit_status = 0;
  return report;
}

}  // namespace touchstone::testing
