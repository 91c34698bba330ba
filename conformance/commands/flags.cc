#include "conformance/commands/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

std::vector<Mode> ReadModes(const std::string& flag, const std::string& text) {
  std::vector<Mode> modes;
  for (const auto& name : SplitCommas(text)) {
    const auto mode = ModeFromString(name);
    if (!mode || *mode == Mode::kNone) {
      throw CLI::ValidationError(flag, fmt::format("S, O or B expected, got \"{}\"", name));
    }
    if (std::ranges::find(modes, *mode) == modes.end()) modes.push_back(*mode);
  }
  if (modes.empty()) throw CLI::ValidationError(flag, "at least one of S, O and B expected");
  return modes;
}

}  // namespace

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> parts;
  std::string part;
  for (char c : std::string(text) + ",") {
    if (c != ',')
      part += c;
    else if (!part.empty())
      parts.push_back(std::exchange(part, {}));
  }
  return parts;
}

void AddSeedFlag(CLI::App& app, Options& options) {
  app.add_option("--seed", options.seed, "root of all chance; default: chosen and printed");
}

void AddJobsFlag(CLI::App& app, Options& options, const std::string& about) {
  app.add_option("--jobs", options.jobs, about)->check(CLI::Range(1, 256));
}

CLI::Option* AddModesFlag(CLI::App& app, const std::string& name, std::vector<Mode>& modes) {
  return app
      .add_option_function<std::string>(
          name, [name, &modes](const std::string& text) { modes = ReadModes(name, text); },
          "of S, O and B, separated by commas")
      ->default_str("S,O,B");
}

void AddAreaFlag(CLI::App& app, std::vector<std::string>& areas, const std::string& about) {
  app.add_option_function<std::string>(
      "--area", [&areas](const std::string& text) { areas = SplitCommas(text); }, about);
}

CLI::Option* AddDurationFlag(CLI::App& app, const std::string& name, std::int64_t& ms,
                             const std::string& about) {
  return app.add_option(name, ms, about)
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{
              {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}},
          CLI::AsNumberWithUnit::UNIT_REQUIRED));
}

void AddHostFlags(CLI::App& app, Options& options) {
  auto* profile = app.add_option("--profile", options.profile_file,
                                 "how to start the host (a JSON file); default: the bundled "
                                 "refhost");
  profile->check(CLI::ExistingFile);
  auto* program = app.add_option("--host-bin", options.host_bin,
                                 "put this program into the profile's commands");
  app.add_option(
         "command", options.host_command,
         "after `--`: a host's command; the command line of the contract's §1 is added to it")
      ->excludes(profile)
      ->excludes(program);
  AddSeedFlag(app, options);
  app.add_flag("--plain", options.plain, "plain lines, also on a terminal");
}

void AddRunFlags(CLI::App& app, Options& options) {
  AddHostFlags(app, options);
  AddModesFlag(app, "--modes", options.filter.modes);
  AddAreaFlag(app, options.filter.areas, "only checks of these areas of the contract: FRAME,REQ");
  app.add_option("--only", options.filter.globs,
                 "only checks whose name fits the glob: 'req/*'; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--milestone", options.milestone, "gate on it and on earlier ones")
      ->check(CLI::IsMember({"M1", "M2", "M3"}))
      ->default_str("M1");
  AddJobsFlag(app, options, "plays at the same time; default: two for each core");
  app.add_option("--repeat", options.repeat,
                 "play each check so many times: one that passes and fails is flaky, and no pass")
      ->check(CLI::Range(1, 1000))
      ->default_str("1");
  app.add_option_function<std::string>(
      "--shard",
      [&options](const std::string& text) {
        options.shard = ParseShard(text);
        if (!options.shard)
          throw CLI::ValidationError("--shard", "i/n expected, such as 2/3, got \"" + text + "\"");
      },
      "play only part i of n of the plan; `touchstone merge` puts the reports together")
      ->needs(app.get_option("--seed"));  // or each part would be played with another
  app.add_option("--report-dir", options.report_dir,
                 "write report.json, junit.xml and transcripts of failures here");
  app.add_option("--waivers", options.waivers_file,
                 "failures that shall not block for a while (docs/waivers.md)")
      ->check(CLI::ExistingFile);
  app.add_option("--write-waivers", options.write_waivers_file,
                 "write a waiver file for this run's failures");
}

}  // namespace touchstone
