// touchstone soak: a steady stream of requests for as long as asked, and what the host's resources
// do meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "conformance/commands/flags.h"
#include "conformance/commands/judge.h"
#include "conformance/commands/session.h"
#include "conformance/gate/verdicts.h"
#include "conformance/live/live_server.h"
#include "conformance/policy/statistics.h"
#include "conformance/report/writer.h"
#include "conformance/run/ledger.h"
#include "conformance/soak/soak.h"
#include "conformance/soak/soak_text.h"
#include "conformance/version.h"

namespace touchstone {
namespace {

constexpr std::int64_t kRequests = 1000;
constexpr double kStreamRate = 50, kProcessRate = 5;  // per second, when a duration is asked

struct SoakFlags {
  std::int64_t requests = 0, duration_ms = 0;
  std::string rate, mix = "default", reference;
  bool poisson = false, constant = false, resume = false;
  std::filesystem::path checkpoint;
  int live_port = 0;
  std::string live_address = "127.0.0.1";
};

// The terminal, and whoever watches in a browser.
class Watched : public SoakObserver {
 public:
  Watched(SoakConsole& console, LiveServer* live) : console_(console), live_(live) {}
  void OnLine(std::string_view line) override {
    if (live_) live_->Publish(line);
  }
  void OnProgress(const SoakProgress& progress) override { console_.OnProgress(progress); }

 private:
  SoakConsole& console_;
  LiveServer* live_;
};

tl::expected<soak::Mix, CommandError> MixOf(const Options& options, const std::string& name) {
  auto mix = soak::FindMix(options.data_dir / "soak/mixes", name);
  if (!mix) return tl::unexpected(CommandError{"--mix: " + mix.error(), 2});
  return *mix;
}

// A soak that was asked for by a number of requests alone is a load: LOAD-01 is its question, and
// a trend needs time.
bool IsLoadThatWentWell(const soak::Summary& summary) {
  return summary.verdict == "not judged" && summary.asked_requests && !summary.asked_s &&
         summary.host.failure_count == 0 && summary.host.answered > 0 &&
         !summary.segments.empty() && summary.segments.back().ended == "complete";
}

// A soak as a check: what it is about in its mode.
Job SoakJob(const soak::Summary& soak, const Catalogue& catalogue) {
  Job job;
  job.check = "soak/" + soak.mix;
  job.kind = "suite";
  job.mode = *ModeFromString(soak.mode);
  for (const char* id : {"LOAD-01", "LOAD-02", "LOAD-03", "LOAD-04"}) {
    const Requirement* row = catalogue.Find(id);
    if (row && std::ranges::find(row->modes, job.mode) != row->modes.end())
      job.requirements.emplace_back(id);
  }
  return job;
}

// Of several modes: interrupted, else failed, else the worst; none at all could not be run.
int StatusOf(const std::vector<int>& statuses) {
  if (statuses.empty()) return 3;
  for (int first : {130, 1}) {
    if (std::ranges::find(statuses, first) != statuses.end()) return first;
  }
  return *std::ranges::max_element(statuses);
}

class SoakCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddHostFlags(app, options);
    app.add_option(
           "--requests", flags_.requests,
           fmt::format("how many pieces of work; default without --duration: {}", kRequests))
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    AddDurationFlag(app, "--duration", flags_.duration_ms, "how long: 10m, 24h");
    modes_ = AddModesFlag(app, "--mode", options.filter.modes);
    app.add_option("--rate", flags_.rate,
                   "starts per second: 50, 50/s, or max (a closed loop: the next one when there is "
                   "a place); default: max, with --duration 50 in S and 5 in O and B");
    app.add_flag("--poisson", flags_.poisson, "independent callers: random gaps; the default");
    app.add_flag("--constant", flags_.constant, "equal gaps")
        ->excludes(app.get_option("--poisson"));
    app.add_option("--mix", flags_.mix, "what is sent: a file (docs/soak.md), or a name")
        ->default_str("default");
    AddJobsFlag(app, options, "O and B: processes at a time; default: two for each core");
    app.add_option("--checkpoint", flags_.checkpoint,
                   "keep here where the soak stands, so that --resume can go on");
    app.add_flag("--resume", flags_.resume,
                 "go on where the checkpoint says; without such a file begin")
        ->needs(app.get_option("--checkpoint"));
    app.add_option("--report-dir", options.report_dir,
                   "write soak.jsonl as it happens, and report.html and the others, here");
    live_ = app.add_option("--live", flags_.live_port,
                           "show it in the browser while it runs, on this port; 0: a free one");
    live_->check(CLI::Range(0, 65535));
    app.add_option("--live-address", flags_.live_address,
                   "an address other than loopback: whoever can reach it can watch")
        ->check(CLI::ValidIPV4)
        ->needs(live_)
        ->default_str("127.0.0.1");
    app.add_option("--reference", flags_.reference,
                   "soak this program beside the host, and compare")
        ->check(CLI::ExistingFile);
  }

  std::string Check(Options& options) override {
    if (flags_.requests == 0 && flags_.duration_ms == 0) flags_.requests = kRequests;
    if (flags_.duration_ms > 0 && modes_->count() == 0) options.filter.modes = {Mode::kStream};
    if (!flags_.checkpoint.empty() && options.filter.modes.size() != 1)
      return "--checkpoint is for one soak: say one --mode";
    if (auto rate = RateFor(Mode::kStream); !rate) return "--rate: " + rate.error();
    return {};
  }

  int Run(const Options& options, const Context& context) override {
    const auto mix = MixOf(options, flags_.mix);
    if (!mix) return Complain(mix.error());
    auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
    if (!catalogue) return Complain({catalogue.error(), 2});
    if (auto error = PrepareReportDir(options)) return Complain(*error);
    auto session = OpenSession(options, context);
    if (!session) return Complain(session.error());
    std::unique_ptr<Rig> reference;
    if (auto error = OpenReference(options, context, *session->rig, reference))
      return Complain(*error);
    if (auto error = StartLive()) return Complain(*error);
    if (context.spare_hosts) context.spare_hosts();
    begun_ = std::chrono::system_clock::now();
    std::vector<int> statuses;
    for (Mode mode : options.filter.modes) {
      if (!session->rig->profile.CommandFor(mode)) {
        fmt::print("skip [{}]: the profile has no command for this mode\n", ToString(mode));
        continue;
      }
      if (session->preflight.mute.contains(mode)) {
        fmt::print("fail [{}]: a ping must be answered, but {}\n", ToString(mode),
                   session->preflight.mute.at(mode));
        statuses.push_back(1);
        continue;
      }
      auto plan = PlanFor(options, mode, *mix);
      plan.reference = reference.get();
      statuses.push_back(Soak(options, *session->rig, plan, context.stop));
      if (statuses.back() == 130) break;
    }
    return Report(options, *catalogue, *session->rig, StatusOf(statuses));
  }

 private:
  tl::expected<soak::ArrivalPlan, std::string> RateFor(Mode mode) const {
    if (flags_.rate.empty() && flags_.duration_ms == 0) return soak::ArrivalPlan{};
    const auto rate = flags_.rate.empty()
                          ? fmt::format("{}", mode == Mode::kStream ? kStreamRate : kProcessRate)
                          : flags_.rate;
    auto plan = soak::ParseRate(rate);
    if (plan && plan->process != soak::ArrivalProcess::kClosedLoop) {
      plan->process =
          flags_.constant ? soak::ArrivalProcess::kConstant : soak::ArrivalProcess::kPoisson;
    }
    return plan;
  }

  SoakPlan PlanFor(const Options& options, Mode mode, const soak::Mix& mix) const {
    SoakPlan plan;
    plan.mode = mode;
    if (flags_.duration_ms > 0) plan.duration = std::chrono::milliseconds(flags_.duration_ms);
    if (flags_.requests > 0) plan.requests = flags_.requests;
    plan.arrivals = *RateFor(mode);
    plan.mix = mix;
    plan.seed = options.seed;
    plan.processes = options.jobs;
    plan.checkpoint = flags_.checkpoint;
    plan.resume = flags_.resume;
    if (!options.report_dir.empty()) {
      plan.record = options.report_dir / (options.filter.modes.size() == 1
                                              ? std::string("soak.jsonl")
                                              : fmt::format("soak-{}.jsonl", ToString(mode)));
    } else if (!flags_.checkpoint.empty()) {
      plan.record = flags_.checkpoint.string() + ".jsonl";
    }
    return plan;
  }

  // Its plays are numbered from another start: two rigs share the scratch folder.
  std::optional<CommandError> OpenReference(const Options& options, const Context& context,
                                            const Rig& host, std::unique_ptr<Rig>& reference) {
    if (flags_.reference.empty()) return std::nullopt;
    auto profile = LoadProfile(options.data_dir / "conformance/profiles/refhost.json",
                               options.program.parent_path());
    if (!profile) return CommandError{profile.error(), 2};
    ReplaceProgram(*profile, flags_.reference);
    profile->name = std::filesystem::path(flags_.reference).filename().string();
    auto rig = MakeRig(std::move(*profile), context.scratch, options.seed);
    if (!rig) return CommandError{rig.error()};
    reference = std::move(*rig);
    reference->next_play = host.next_play + 1'000'000;
    const auto preflight = RunPreflight(*reference, options.filter.modes);
    if (!preflight.cannot_start.empty() || !preflight.mute.empty()) {
      return CommandError{fmt::format("--reference {}: {}", flags_.reference,
                                      preflight.mute.empty() ? preflight.cannot_start
                                                             : "a ping must be answered, but " +
                                                                   preflight.mute.begin()->second)};
    }
    return std::nullopt;
  }

  int Soak(const Options& options, Rig& rig, const SoakPlan& plan, std::stop_token stop) {
    fmt::print(stderr, "soak [{}]: mix {}, {}\n", ToString(plan.mode), plan.mix.name,
               Describe(plan.arrivals));
    tl::expected<SoakResult, std::string> result;
    {
      SoakConsole console(stderr, options.plain, plan);
      Watched observer(console, server_.get());
      result = RunSoak(rig, plan, observer, stop);
    }
    if (!result) return Complain({result.error()});
    auto& summary = result->summary;
    if (IsLoadThatWentWell(summary)) {
      summary.verdict = "pass";
      summary.reason = "each request was answered as it should be; trends: " + summary.reason;
    }
    summaries_.push_back(summary);
    fmt::print("{}", FormatSoak(summary));
    std::fflush(stdout);
    if (result->interrupted) {
      fmt::print("interrupted{}\n",
                 plan.checkpoint.empty() ? "" : "; --resume with the same --checkpoint goes on");
      return 130;
    }
    if (summary.verdict == "fail") return 1;
    return summary.verdict == "pass" ? 0 : 3;
  }

  std::optional<CommandError> StartLive() {
    if (live_->count() == 0) return std::nullopt;
    auto server =
        LiveServer::Start({flags_.live_address, static_cast<std::uint16_t>(flags_.live_port)});
    if (!server) return CommandError{"--live: " + server.error()};
    server_ = std::move(*server);
    fmt::print(stderr, "live: {}\n", server_->url());
    return std::nullopt;
  }

  // The command that does the same again.
  std::string Again(const Options& options) const {
    std::string command =
        fmt::format("touchstone soak --seed {} --mix {}", options.seed, Quoted(flags_.mix));
    if (options.filter.modes.size() == 1)
      command += fmt::format(" --mode {}", ToString(options.filter.modes.front()));
    if (flags_.duration_ms > 0) command += fmt::format(" --duration {}ms", flags_.duration_ms);
    if (flags_.requests > 0) command += fmt::format(" --requests {}", flags_.requests);
    if (!flags_.rate.empty()) command += " --rate " + flags_.rate;
    if (flags_.constant) command += " --constant";
    if (!flags_.reference.empty()) command += " --reference " + Quoted(flags_.reference);
    return command + HostOptions(options);
  }

  // The report folder, if one was asked for. Returns the exit status.
  int Report(const Options& options, const Catalogue& catalogue, const Rig& rig,
             int exit_status) const {
    if (options.report_dir.empty()) return exit_status;
    touchstone::Report report;
    report.version = kVersion;
    report.seed = options.seed;
    report.host_name = rig.profile.name;
    report.host_command = rig.profile.CommandLine();
    report.milestone = options.milestone;
    report.suite_command = Again(options);
    report.filtered = true;  // the soak alone was asked for
    const auto unix_time = begun_.time_since_epoch();
    report.started_ms = std::chrono::duration_cast<std::chrono::milliseconds>(unix_time).count();
    report.duration_ms =
        std::chrono::duration<double, std::milli>(std::chrono::system_clock::now() - begun_)
            .count();
    report.soaks = summaries_;
    report.areas = catalogue.areas();
    std::vector<Job> jobs;
    for (const auto& soak : summaries_) {
      jobs.push_back(SoakJob(soak, catalogue));
      const Job& job = jobs.back();
      report.results.push_back({job.check,
                                job.kind,
                                job.requirements,
                                job.mode,
                                gate::JudgeSoak(soak),
                                soak.soaked_s * 1000,
                                {}});
    }
    report.statistics = StatisticsOf(report.results);
    report.ledger = Account(catalogue, jobs, report.results, options.milestone, report.filtered);
    report.ledger.exit_status = exit_status;
    if (auto written = WriteReport(report, options.report_dir); !written)
      return Complain({written.error()});
    fmt::print("reports: {}\n",
               std::filesystem::absolute(options.report_dir).lexically_normal().string());
    return exit_status;
  }

  SoakFlags flags_;
  CLI::Option *modes_ = nullptr, *live_ = nullptr;
  std::unique_ptr<LiveServer> server_;
  std::chrono::system_clock::time_point begun_;
  std::vector<soak::Summary> summaries_;
};

const CommandRegistration<SoakCommand> kSoak(
    {.name = "soak",
     .about = "a steady stream of requests for as long as asked: each must be answered once, as it "
              "should be, and nothing may grow",
     .examples = R"(
  touchstone soak --requests 1000 --mode O        a thousand one-shot processes
  touchstone soak --duration 10m --report-dir report --host-bin ./zene
  touchstone soak --duration 24h --rate 50 --checkpoint soak.state --resume
  touchstone soak --duration 30m --mix restarts --reference build/release/bin/refhost)"});

}  // namespace
}  // namespace touchstone
