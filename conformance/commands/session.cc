#include "conformance/commands/session.h"

#include <fmt/format.h>

#include <cstdio>

#include "conformance/checks/check.h"
#include "conformance/commands/scenarios.h"

namespace touchstone {

tl::expected<Suite, CommandError> LoadSuite(const Options& options) {
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return tl::unexpected(CommandError{catalogue.error(), 2});
  Suite suite{std::move(*catalogue), {}, {}};
  const bool drafts = !options.drafts_dir.empty();
  auto cases = LoadCases(
      drafts ? options.drafts_dir : options.data_dir / "golden/cases",
      [&](const std::string& id) { return suite.catalogue.Find(id) != nullptr; },
      drafts ? Drafts::kAllowed : Drafts::kRefused);
  if (!cases) {
    std::string message = drafts ? "the drafts have faults:" : "the golden cases have faults:";
    for (const auto& error : cases.error()) message += "\n  " + error.ToString();
    return tl::unexpected(CommandError{message, 2});
  }
  suite.cases = std::move(*cases);
  if (drafts) {
    suite.with_checks = false;
    return suite;
  }
  auto scenarios = LoadAllScenarios(options);
  if (!scenarios) return tl::unexpected(scenarios.error());
  for (auto& scenario : *scenarios) suite.cases.push_back(std::move(scenario.play));
  for (const Check& check : Checks()) {
    for (const auto& id : check.requirements) {
      if (!suite.catalogue.Find(id))
        return tl::unexpected(
            CommandError{fmt::format("check {}: {} is no requirement", check.name, id), 4});
    }
  }
  suite.waiving.today = Today();
  if (!options.waivers_file.empty()) {
    auto waivers = LoadWaivers(options.waivers_file, [&](const std::string& id) {
      return suite.catalogue.Find(id) != nullptr;
    });
    if (!waivers) return tl::unexpected(CommandError{waivers.error(), 2});
    suite.waiving.waivers = std::move(*waivers);
  }
  return suite;
}

tl::expected<Profile, CommandError> ProfileFromOptions(const Options& options) {
  if (!options.host_command.empty()) return ProfileForCommand(options.host_command);
  const auto file = options.profile_file.empty()
                        ? options.data_dir / "conformance/profiles/refhost.json"
                        : options.profile_file;
  auto profile = LoadProfile(file, options.program.parent_path());
  if (!profile) return tl::unexpected(CommandError{profile.error(), 2});
  if (!options.host_bin.empty()) {
    ReplaceProgram(*profile, options.host_bin);
    profile->name = std::filesystem::path(options.host_bin).filename().string();
  }
  return *profile;
}

tl::expected<Session, CommandError> OpenSession(const Options& options, const Context& context) {
  auto profile = ProfileFromOptions(options);
  if (!profile) return tl::unexpected(profile.error());
  fmt::print(stderr, "touchstone {}: host {}, seed {}\n", options.command, profile->name,
             options.seed);
  auto rig = MakeRig(std::move(*profile), context.scratch, options.seed);
  if (!rig) return tl::unexpected(CommandError{rig.error()});
  Session session{std::move(*rig), {}};
  session.rig->golden = options.data_dir / "golden";
  session.preflight = RunPreflight(*session.rig, options.filter.modes);
  if (!session.preflight.cannot_start.empty()) {
    return tl::unexpected(
        CommandError{"the host cannot be started: " + session.preflight.cannot_start});
  }
  return session;
}

std::string ReplayPrefix(const Options& options) {
  std::string prefix = "touchstone run";
  if (!options.drafts_dir.empty()) prefix += " --drafts " + Quoted(options.drafts_dir.string());
  if (!options.profile_file.empty())
    prefix += " --profile " + Quoted(options.profile_file.string());
  if (!options.host_bin.empty()) prefix += " --host-bin " + Quoted(options.host_bin);
  if (!options.host_command.empty()) {
    prefix += " --";
    for (const auto& word : options.host_command) prefix += " " + Quoted(word);
  }
  return prefix;
}

std::string Quoted(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t'\"$\\*?[]()<>|&;") == std::string::npos) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string HostOptions(const Options& options) {
  return ReplayPrefix(options).substr(std::string_view("touchstone run").size());
}

int Complain(const CommandError& error) {
  fmt::print(stderr, "touchstone: {}\n", error.message);
  return error.exit_status;
}

}  // namespace touchstone
