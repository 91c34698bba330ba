// summary.md. What a host wrote stands in code spans, where neither markup nor mentions work.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/html.h"
#include "conformance/report/html_text.h"
#include "conformance/report/report.h"

namespace touchstone {
namespace {

constexpr std::size_t kReasons = 15, kFailures = 25, kWarnings = 20, kLimit = 400;

// A code span that nothing in the text can end.
std::string Code(std::string_view bytes, std::size_t limit = kLimit) {
  std::string text = Visible(bytes, limit);
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  std::size_t run = 0, longest = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  if (text.empty()) text = " ";
  const char* pad = text.front() == '`' || text.back() == '`' ? " " : "";
  return fence + pad + text + pad + fence;
}

// A block that nothing in the text can end, indented by `indent`.
std::string Block(std::string_view text, std::string_view indent) {
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  // A line that is not indented would end the item, and with it the block.
  std::string lines;
  for (const char c : Visible(text, 2000)) {
    lines += c;
    if (c == '\n') lines += indent;
  }
  return fmt::format("{0}{1}sh\n{0}{2}\n{0}{1}\n", indent, fence, lines);
}

std::string List(std::string_view title, const std::vector<std::string>& items, std::size_t most) {
  if (items.empty()) return {};
  std::string text = fmt::format("\n**{}**\n\n", title);
  for (std::size_t i = 0; i < items.size() && i < most; ++i)
    text += fmt::format("{}. {}\n", i + 1, Code(items[i]));
  if (items.size() > most) text += fmt::format("\n… and {} more\n", items.size() - most);
  return text;
}

std::string Counts(const Summary& s) {
  return fmt::format(
      "\n| planned | executed | pass | fail | flaky | skip | inconclusive | bugs in the harness |\n"
      "|--:|--:|--:|--:|--:|--:|--:|--:|\n| {} | {} | {} | {} | {} | {} | {} | {} |\n",
      s.planned, s.executed, s.pass, s.fail, s.flaky, s.skip, s.inconclusive, s.harness_bug);
}

bool Failed(const CheckResult& result) {
  const auto verdict = result.judgement.verdict;
  return verdict != Verdict::kPass && verdict != Verdict::kSkip &&
         verdict != Verdict::kInconclusive;
}

std::string Failures(const Report& report) {
  std::string text;
  std::size_t count = 0;
  for (const auto& result : report.results) {
    if (!Failed(result) || ++count > kFailures) continue;
    text += fmt::format("- {} [{}] {}\n\n", Code(result.check), ToString(result.mode),
                        Code(result.judgement.message));
    text += Block(ReplayCommand(report, result), "  ");
  }
  if (count == 0) return {};
  std::string title = fmt::format(
      "\n<details><summary>{}, with the command that plays each again"
      "</summary>\n\n",
      Plural(static_cast<std::int64_t>(count), "failure"));
  if (count > kFailures) text += fmt::format("\n… and {} more\n", count - kFailures);
  return title + text + "\n</details>\n";
}

std::string Soaks(const Report& report) {
  std::string text;
  for (const auto& soak : report.soaks) {
    text += fmt::format(
        "\nSoak in mode {}: **{}**, {}; {} of {} answered, {} unexpected; p50 {:.1f} ms, p99 "
        "{:.1f} "
        "ms. {}\n",
        soak.mode, soak.verdict, TimeSpan(soak.soaked_s), soak.host.answered, soak.host.intended,
        soak.host.unexpected, soak.host.latency.p50_ms, soak.host.latency.p99_ms,
        soak.reason.empty() ? "" : Code(soak.reason));
  }
  return text;
}

std::string Since(const Difference& baseline) {
  const auto names = [](const std::vector<DifferenceRow>& rows) {
    std::vector<std::string> list;
    for (const auto& row : rows)
      list.push_back(fmt::format("{}: {} → {}", row.subject, row.was.empty() ? "absent" : row.was,
                                 row.now.empty() ? "absent" : row.now));
    return list;
  };
  return fmt::format("\nSince the baseline {}: {} regressed, {} vanished, {} fixed, {} new.\n",
                     Code(baseline.old_report), baseline.regressed.size(), baseline.vanished.size(),
                     baseline.fixed.size(), baseline.appeared.size()) +
         List("Regressed", names(baseline.regressed), kReasons) +
         List("Vanished", names(baseline.vanished), kReasons);
}

std::string Benchmarks(const Report& report) {
  std::string text;
  for (const auto& benchmark : report.benchmarks) {
    if (benchmark.AsWanted()) continue;
    text += fmt::format("\nNot as wanted: {}, {:.4g} {}\n", Code(benchmark.name),
                        benchmark.Median(), benchmark.unit);
  }
  return text;
}

}  // namespace

std::string FormatMarkdown(const Report& report) {
  const bool error = report.ledger.overall == Overall::kError;
  std::string text =
      fmt::format("## {} {} {} {} for milestone {}\n", report.ledger.exit_status == 0 ? "✅" : "❌",
                  Code(report.host_name, 100), error ? "could not be judged:" : "is",
                  ToString(report.ledger.overall), report.milestone);
  text += List("Because", report.ledger.blocking, kReasons);
  text += Counts(report.ledger.summary);
  if (report.baseline) text += Since(*report.baseline);
  text += Soaks(report);
  text += Benchmarks(report);
  for (const auto& statistic : report.statistics) text += "\n" + Code(statistic.text) + "\n";
  text += Failures(report);
  if (!report.ledger.warnings.empty()) {
    text += fmt::format("\n<details><summary>{}, which do not block</summary>\n",
                        Plural(std::ssize(report.ledger.warnings), "warning"));
    text += List("Warnings", report.ledger.warnings, kWarnings) + "\n</details>\n";
  }
  return text + fmt::format("\ntouchstone {}, seed {}, {}; report.html has the details.\n",
                            report.version, report.seed, TimeSpan(report.duration_ms / 1000));
}

}  // namespace touchstone
