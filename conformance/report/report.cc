#include "conformance/report/report.h"

#include <fmt/format.h>

namespace touchstone {

std::string_view ToString(Overall overall) {
  switch (overall) {
    case Overall::kConformant:
      return "conformant";
    case Overall::kNonconformant:
      return "nonconformant";
    case Overall::kError:
      return "error";
  }
  return "?";
}

std::string ReplayCommand(const Report& report, const CheckResult& result) {
  if (result.kind == "suite" && !report.suite_command.empty()) return report.suite_command;
  std::string command = report.replay_prefix;
  std::string host;
  // A command after `--` must stay last.
  if (const auto dashes = command.find(" -- "); dashes != std::string::npos) {
    host = command.substr(dashes);
    command.resize(dashes);
  }
  command += fmt::format(" --seed {} --only '{}'", report.seed, result.check);
  if (result.mode != Mode::kNone) command += fmt::format(" --modes {}", ToString(result.mode));
  return command + host;
}

static std::string_view GateWord(Overall overall) {
  switch (overall) {
    case Overall::kConformant:
      return "passed";
    case Overall::kNonconformant:
      return "BLOCKED";
    case Overall::kError:
      break;
  }
  return "NO VERDICT, and that blocks";
}

std::string FormatSummary(const Report& report) {
  const Summary& s = report.ledger.summary;
  std::string text = fmt::format("\n{}: {} for milestone {}\n", report.host_name,
                                 ToString(report.ledger.overall), report.milestone);
  if (!report.policy.empty())
    text += fmt::format("gate {}: {}\n", report.policy, GateWord(report.ledger.overall));
  if (report.shard) {
    text += fmt::format(
        "shard {}/{} of a plan of {} checks: the verdict on the whole is that of "
        "`touchstone merge`\n",
        report.shard->index, report.shard->of, report.shard->planned_total);
  }
  const auto list = [&](std::string_view title, const std::vector<std::string>& items,
                        std::size_t most) {
    if (items.empty()) return;
    text += fmt::format("{}\n", title);
    for (std::size_t i = 0; i < items.size() && i < most; ++i)
      text += fmt::format("  {}\n", items[i]);
    if (items.size() > most) text += fmt::format("  … and {} more\n", items.size() - most);
  };
  list("because:", report.ledger.blocking, 20);
  list("warnings (they do not block):", report.ledger.warnings, 10);
  for (const auto& statistic : report.statistics) text += statistic.text + "\n";
  const auto flaky = s.flaky > 0 ? fmt::format(" {} flaky,", s.flaky) : "";
  text += fmt::format(
      "{} planned, {} executed: {} pass, {} fail,{} {} skip, {} inconclusive, {} bugs in the "
      "harness; {:.1f} s, seed {}\n",
      s.planned, s.executed, s.pass, s.fail, flaky, s.skip, s.inconclusive, s.harness_bug,
      report.duration_ms / 1000, report.seed);
  return text;
}

}  // namespace touchstone
