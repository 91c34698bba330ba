#include <fmt/format.h>

#include <map>

#include "conformance/report/html_text.h"
#include "conformance/report/report.h"

namespace touchstone {
namespace {

// Text for XML 1.0: markup escaped, and what XML cannot hold shown as \xNN.
std::string Escape(std::string_view text, std::size_t limit = kNoLimit) {
  std::string escaped;
  for (const char c : Visible(text, limit)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\n':
        escaped += "&#10;";
        break;
      case '\t':
        escaped += "&#9;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

struct Suite {
  int tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
  std::string body;
};

std::string Testcase(const Report& report, const CheckResult& result, const std::string& area) {
  const auto& judgement = result.judgement;
  std::string text =
      fmt::format("    <testcase classname=\"{}\" name=\"{} [{}]\" time=\"{:.3f}\"", Escape(area),
                  Escape(result.check), ToString(result.mode), result.duration_ms / 1000);
  const auto message = Escape(judgement.message, 2000);
  switch (judgement.verdict) {
    case Verdict::kPass:
      return text + "/>\n";
    case Verdict::kSkip:
      return text + fmt::format("><skipped>{}</skipped></testcase>\n", message);
    case Verdict::kInconclusive:
      return text + fmt::format("><skipped>inconclusive: {}</skipped></testcase>\n", message);
    case Verdict::kHarnessBug:
      return text +
             fmt::format("><error message=\"{}\" type=\"harness_bug\"/></testcase>\n", message);
    case Verdict::kFail:
    case Verdict::kFlaky:
      break;
  }
  std::string details;
  for (const auto& violation : judgement.violations)
    details += violation.requirement + ": " + Visible(violation.message, 2000) + "\n";
  details += "replay: " + ReplayCommand(report, result) + "\n";
  if (!result.transcript_file.empty()) details += "transcript: " + result.transcript_file + "\n";
  const auto type = judgement.violations.empty() ? std::string(ToString(judgement.verdict))
                                                 : judgement.violations.front().requirement;
  return text + fmt::format("><failure message=\"{}\" type=\"{}\">{}</failure></testcase>\n",
                            message, Escape(type), Escape(details));
}

}  // namespace

std::string FormatJunit(const Report& report) {
  std::map<std::string, Suite> suites;
  for (const auto& result : report.results) {
    const auto area = result.check.substr(0, result.check.find('/'));
    Suite& suite = suites[area];
    ++suite.tests;
    suite.seconds += result.duration_ms / 1000;
    suite.failures +=
        result.judgement.verdict == Verdict::kFail || result.judgement.verdict == Verdict::kFlaky;
    suite.errors += result.judgement.verdict == Verdict::kHarnessBug;
    suite.skipped += result.judgement.verdict == Verdict::kSkip ||
                     result.judgement.verdict == Verdict::kInconclusive;
    suite.body += Testcase(report, result, area);
  }
  const Summary& s = report.ledger.summary;
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"touchstone {}\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n",
      Escape(report.host_name), s.executed, s.fail + s.flaky, s.harness_bug,
      report.duration_ms / 1000);
  for (const auto& [area, suite] : suites) {
    text += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
        "time=\"{:.3f}\">\n{}  </testsuite>\n",
        Escape(area), suite.tests, suite.failures, suite.errors, suite.skipped, suite.seconds,
        suite.body);
  }
  return text + "</testsuites>\n";
}

}  // namespace touchstone
