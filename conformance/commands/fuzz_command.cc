// touchstone fuzz: inputs from files, then from a seed, in each mode; what fails is told as soon as
// it is minimal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "conformance/commands/flags.h"
#include "conformance/commands/fuzz_flags.h"
#include "conformance/commands/session.h"
#include "conformance/fuzz/corpus.h"
#include "conformance/observe/framing.h"
#include "fault-injection/provider/base64.h"

namespace touchstone {
namespace {

using fuzz::CampaignResult;
using fuzz::Finding;

constexpr std::uint64_t kStreamCases = 100'000, kOneShotCases = 2'000;

class Fuzzing {
 public:
  Fuzzing(const Options& options, const FuzzFlags& flags, Session& session, Catalogue catalogue,
          std::stop_token stop)
      : options_(options),
        flags_(flags),
        rig_(*session.rig),
        session_(session),
        catalogue_(std::move(catalogue)),
        stop_(std::move(stop)) {}

  int Run(const std::vector<fuzz::NamedInput>& corpus) {
    for (Mode mode : options_.filter.modes) {
      if (!rig_.profile.CommandFor(mode)) {
        fmt::print("skip [{}]: the profile has no command for this mode\n", ToString(mode));
        continue;
      }
      if (session_.preflight.mute.contains(mode)) {
        fmt::print("fail [{}]: a ping must be answered, but {}\n", ToString(mode),
                   session_.preflight.mute.at(mode));
        exit_status_ = 1;
        continue;
      }
      ran_ = true;
      if (!corpus.empty()) {
        const auto result = fuzz::RunInputs(rig_, mode, corpus, stop_);
        Conclude(mode, flags_.replay.empty() ? "corpus" : "replay", result, !flags_.replay.empty());
      }
      if (flags_.replay.empty() && !stop_.stop_requested()) Search(mode);
      if (stop_.stop_requested()) {
        fmt::print("interrupted: what was sent so far is no verdict on the host\n");
        return 130;
      }
    }
    if (!ran_ && exit_status_ == 0) return Complain({"no mode to fuzz: nothing was sent"});
    return exit_status_;
  }

 private:
  void Search(Mode mode) {
    fuzz::CampaignOptions campaign;
    campaign.mode = mode;
    campaign.seed = options_.seed;
    campaign.workers = options_.jobs;
    campaign.to_minimise = std::chrono::seconds(30);
    campaign.cases = mode == Mode::kStream ? kStreamCases : kOneShotCases;
    if (flags_.for_ms > 0) {
      campaign.at_most = std::chrono::milliseconds(flags_.for_ms);
      campaign.cases = 0xffffffffu;
    }
    if (flags_.cases > 0) campaign.cases = flags_.cases;
    if (!flags_.families.empty()) {
      campaign.families.clear();
      for (auto family : fuzz::kFamilies) {
        if (std::ranges::find(flags_.families, ToString(family)) != flags_.families.end())
          campaign.families.push_back(family);
      }
    }
    auto told = Clock::now();
    const auto begun = told;
    const auto progress = [&](std::uint64_t inputs, std::size_t findings) {
      const auto now = Clock::now();
      if (options_.plain && now - told < std::chrono::seconds(10)) return;
      told = now;
      const double seconds = std::chrono::duration<double>(now - begun).count();
      fmt::print(stderr, "{}fuzz [{}]: {} inputs, {:.0f}/s, {} findings{}",
                 options_.plain ? "" : "\r\x1b[K", ToString(mode), inputs, inputs / seconds,
                 findings, options_.plain ? "\n" : "");
      std::fflush(stderr);
    };
    const auto result = fuzz::RunCampaign(rig_, campaign, progress, stop_);
    if (!options_.plain) fmt::print(stderr, "\r\x1b[K");
    Conclude(mode, "search", result, false);
  }

  void Conclude(Mode mode, std::string_view what, const CampaignResult& result, bool replay) {
    bool broken = false;
    for (const Finding& finding : result.findings) broken |= IsMust(finding);
    if (broken) exit_status_ = 1;
    fmt::print("{} [{}] {}: {} inputs, {} processes, {:.1f} s, {:.0f}/s; {} findings{}{}\n",
               broken               ? "fail"
               : result.interrupted ? "stopped"
                                    : "pass",
               ToString(mode), what, result.inputs, result.processes, result.seconds,
               static_cast<double>(result.inputs) / std::max(result.seconds, 1e-9),
               result.findings.size(),
               result.repeated ? fmt::format(" and {} more of the same", result.repeated) : "",
               result.given_up ? "; it fails all the time, the search was given up" : "");
    for (const Finding& finding : result.findings) Tell(finding, replay);
    std::fflush(stdout);
  }

  bool IsMust(const Finding& finding) const {
    const auto* requirement = catalogue_.Find(finding.minimal.violation.requirement);
    return !requirement || requirement->level == "MUST";
  }

  void Tell(const Finding& finding, bool replay) {
    const auto bytes = BytesOf(finding);
    const auto& minimal = finding.minimal;
    fmt::print("\n  {} ({}, {}): {}\n", minimal.violation.requirement,
               IsMust(finding) ? "MUST" : "SHOULD", finding.origin, minimal.violation.message);
    if (!minimal.reproduced) {
      fmt::print("    fresh hosts did not do it again with the same inputs ({} asked)\n",
                 minimal.hosts_asked);
    } else {
      fmt::print("    shrunk to {} bytes in {} line(s), {} hosts asked, {:.1f} s\n", bytes.size(),
                 std::ranges::count(bytes, '\n'), minimal.hosts_asked, minimal.seconds);
    }
    if (bytes.size() > 4000) {
      fmt::print("    {} inputs, {} bytes: --corpus DIR or --promote DIR keeps them\n",
                 minimal.inputs.size(), bytes.size());
    } else {
      fmt::print("    printf {} | ZENE_MAX_REQUEST_BYTES={} {}\n", fuzz::AsPrintf(bytes),
                 finding.limit, fmt::join(*rig_.profile.CommandFor(finding.mode), " "));
      if (!replay)
        fmt::print("    touchstone fuzz --modes {} --replay {}{}\n", ToString(finding.mode),
                   fuzz::EncodeBase64(bytes), HostOptions(options_));
    }
    const auto keep = [](const auto& written) {
      if (written)
        fmt::print("    written: {}\n", written->string());
      else
        fmt::print(stderr, "touchstone: {}\n", written.error());
    };
    if (replay) return;
    if (!flags_.corpus_dir.empty()) keep(AddToCorpus(flags_.corpus_dir, finding));
    if (!flags_.promote_dir.empty()) keep(Promote(flags_.promote_dir, finding));
  }

  const Options& options_;
  const FuzzFlags& flags_;
  Rig& rig_;
  Session& session_;
  const Catalogue catalogue_;
  const std::stop_token stop_;
  int exit_status_ = 0;
  bool ran_ = false;
};

constexpr std::string_view kFamilies[] = {"requests", "bytes", "framing", "json"};

class FuzzCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override;
  int Run(const Options& options, const Context& context) override;

 private:
  FuzzFlags flags_;
};

std::vector<std::string> ReadFamilies(const std::string& text) {
  auto families = SplitCommas(text);
  for (const auto& name : families) {
    if (std::ranges::find(kFamilies, name) == std::end(kFamilies)) {
      throw CLI::ValidationError(
          "--families", fmt::format("{} expected, got \"{}\"", fmt::join(kFamilies, ", "), name));
    }
  }
  return families;
}

void FuzzCommand::AddFlags(CLI::App& app, Options& options) {
  AddHostFlags(app, options);
  AddModesFlag(app, "--modes", options.filter.modes);
  app.add_option("--cases", flags_.cases,
                 "inputs in each mode; default: 100000 in S, 2000 in O and B, no end with --for")
      ->check(CLI::PositiveNumber);
  AddDurationFlag(app, "--for", flags_.for_ms, "search for so long in each mode: 90s, 10m, 1h");
  app.add_option_function<std::string>(
      "--families", [this](const std::string& text) { flags_.families = ReadFamilies(text); },
      "what is mutated, of requests, bytes, framing and json; default: all");
  app.add_option("--corpus", flags_.corpus_dir,
                 "replay the files of this folder first, and add what is found, each made minimal");
  app.add_option("--promote", flags_.promote_dir,
                 "write each finding as a golden case into this folder");
  app.add_option("--replay", flags_.replay,
                 "only this input, in base64, as a finding's report names it");
  app.add_flag("--model", flags_.model,
               "instead: random programs in mode S against the executable model (docs/model.md); "
               "--replay then names the file of a program");
  app.add_option("--programs", flags_.programs, "with --model: how many")
      ->check(CLI::Range(1, 100'000'000))
      ->default_str("1000");
  app.add_option("--steps", flags_.steps, "with --model: at most, of each program")
      ->check(CLI::Range(1, 1000))
      ->default_str("40");
  AddJobsFlag(app, options, "O and B: processes at a time; default: two for each core");
}

int FuzzCommand::Run(const Options& options, const Context& context) {
  if (flags_.model) return PlayPrograms(options, flags_, context);
  std::vector<fuzz::NamedInput> corpus;
  if (!flags_.replay.empty()) {
    const auto bytes = provider::DecodeBase64(flags_.replay);
    if (!bytes) return Complain({"--replay: valid base64 expected", 2});
    corpus.push_back({"--replay", *bytes});
  } else if (!flags_.corpus_dir.empty() && std::filesystem::exists(flags_.corpus_dir)) {
    auto loaded = fuzz::LoadCorpus(flags_.corpus_dir);
    if (!loaded) return Complain({"--corpus: " + loaded.error(), 2});
    corpus = std::move(*loaded);
  }
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return Complain({catalogue.error(), 2});
  auto session = OpenSession(options, context);
  if (!session) return Complain(session.error());
  return Fuzzing(options, flags_, *session, std::move(*catalogue), context.stop).Run(corpus);
}

const CommandRegistration<FuzzCommand> kFuzz(
    {.name = "fuzz",
     .about = "malformed and unusual input from a seed: each line must be answered as the contract "
              "says, exactly once",
     .examples =
         R"(
  touchstone fuzz --cases 1000000 --modes S       a million inputs through streams: docs/fuzzing.md
  touchstone fuzz --for 10m --corpus found/ --host-bin ./zene
  touchstone fuzz --seed 7 --families framing     the same search again
  touchstone fuzz --promote golden/cases/frame    findings become golden cases
  touchstone fuzz --model --programs 10000        random programs: docs/model.md)"});

}  // namespace
}  // namespace touchstone
