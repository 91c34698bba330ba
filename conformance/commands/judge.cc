#include "conformance/commands/judge.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include "conformance/checks/check.h"
#include "conformance/policy/statistics.h"
#include "conformance/report/console.h"
#include "conformance/report/writer.h"
#include "conformance/run/plan.h"
#include "conformance/run/scheduler.h"
#include "conformance/version.h"

namespace touchstone {
namespace {

constexpr std::string_view kSignOfLife = "answers-a-ping";

// A mode in which the host does not answer a ping: the check of just that fails, with what came
// instead, and the other checks of the mode are skipped.
void ApplyPreflight(const Preflight& preflight, std::vector<Job>& jobs) {
  for (const auto& [mode, instead] : preflight.mute) {
    for (Job& job : jobs) {
      if (job.mode != mode) continue;
      job.capabilities.clear();
      job.timing = job.serial = false;
      if (job.check.ends_with(kSignOfLife)) {
        job.play = [id = job.requirements.front(), instead = instead,
                    transcript = preflight.transcripts.at(mode)](Rig&) {
          return Judgement::From({{id, "a ping must be answered, but " + instead}}, transcript);
        };
      } else {
        job.play = [instead = instead](Rig&) {
          return Judgement::Skip("the host does not answer a ping in this mode: " + instead);
        };
      }
    }
  }
}

}  // namespace

std::optional<CommandError> PrepareReportDir(const Options& options) {
  if (options.report_dir.empty()) return std::nullopt;
  std::error_code ec;
  std::filesystem::create_directories(options.report_dir, ec);
  if (!ec) {
    const auto probe = options.report_dir / ".touchstone-can-write";
    std::ofstream stream(probe);
    stream << "\n";
    stream.close();
    const bool written = static_cast<bool>(stream);
    std::filesystem::remove(probe, ec);
    if (written) return std::nullopt;
    ec = std::make_error_code(std::errc::permission_denied);
  }
  return CommandError{fmt::format("--report-dir {}: cannot be written: {}",
                                  options.report_dir.string(), ec.message()),
                      3};
}

tl::expected<Report, CommandError> JudgeHost(const Options& options, const Suite& suite,
                                             Session& session, std::stop_token stop,
                                             std::vector<Job> more) {
  auto jobs =
      MakePlan(suite.cases, suite.with_checks ? Checks() : std::vector<Check>(), options.filter);
  if (!jobs) return tl::unexpected(CommandError{jobs.error(), 3});
  for (Job& job : more) jobs->push_back(std::move(job));
  Report report;
  Waiving waiving = suite.waiving;
  if (options.shard) {
    const auto& shard = *options.shard;
    report.shard =
        ShardInfo{shard.index, shard.of, static_cast<int>(jobs->size()), PlanDigest(*jobs)};
    waiving.partial = true;
    *jobs = TakeShard(*jobs, shard);
  }
  ApplyPreflight(session.preflight, *jobs);
  const auto begun = std::chrono::steady_clock::now();
  report.started_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  {
    Console console(stderr, options.plain, static_cast<int>(jobs->size()));
    report.results = RunJobs(*session.rig, *jobs, options.jobs, console, stop, options.repeat);
  }
  report.duration_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  report.version = kVersion;
  report.seed = options.seed;
  report.host_name = session.rig->profile.name;
  report.host_command = session.rig->profile.CommandLine();
  report.milestone = options.milestone;
  report.replay_prefix = ReplayPrefix(options);
  report.areas = suite.catalogue.areas();
  report.filtered = options.filter.active();
  report.statistics = StatisticsOf(report.results);
  report.ledger = Account(suite.catalogue, *jobs, report.results, options.milestone,
                          report.filtered || options.shard || !suite.with_checks, waiving);
  return report;
}

int Conclude(const Options& options, Report& report, std::stop_token stop) {
  int exit_status = report.ledger.exit_status;
  if (!options.report_dir.empty()) {
    if (auto written = WriteReport(report, options.report_dir); !written)
      return Complain({written.error(), 3});
  }
  if (!options.write_waivers_file.empty()) {
    std::ofstream stream(options.write_waivers_file, std::ios::trunc);
    stream << WaiversFor(report.results, Today());
    stream.close();
    if (!stream) return Complain({options.write_waivers_file.string() + ": cannot be written", 3});
  }
  fmt::print("{}", FormatSummary(report));
  if (stop.stop_requested()) {
    fmt::print("interrupted: this is no verdict on the host\n");
    exit_status = 130;
  }
  if (!options.report_dir.empty()) {
    fmt::print("reports: {}\n",
               std::filesystem::absolute(options.report_dir).lexically_normal().string());
  } else if (report.ledger.summary.fail + report.ledger.summary.flaky > 0) {
    fmt::print("--report-dir DIR keeps transcripts of the failures; to see one again: {}\n", [&] {
      for (const auto& result : report.results) {
        if (result.judgement.verdict == Verdict::kFail ||
            result.judgement.verdict == Verdict::kFlaky)
          return ReplayCommand(report, result);
      }
      return std::string();
    }());
  }
  std::fflush(stdout);
  return exit_status;
}

}  // namespace touchstone
