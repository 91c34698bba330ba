#include "conformance/commands/soak_command.h"

#include <fmt/format.h>

#include <cstdio>

namespace touchstone {

LoadResult RunLoadWithProgress(const Options& options, Rig& rig, Mode mode, std::stop_token stop) {
  LoadOptions load{options.requests, mode, options.seed, 8, std::max(2, options.jobs)};
  auto told = Clock::now();
  const auto progress = [&](int answered) {
    if (options.plain && Clock::now() - told < std::chrono::seconds(5)) return;
    told = Clock::now();
    fmt::print(stderr, "{}soak [{}]: {}/{}{}", options.plain ? "" : "\r\x1b[K", ToString(mode),
               answered, load.requests, options.plain ? "\n" : "");
    std::fflush(stderr);
  };
  const LoadResult result = RunLoad(rig, load, progress, stop);
  if (!options.plain) fmt::print(stderr, "\r\x1b[K");
  fmt::print("{}\n", FormatLoad(load, result));
  for (std::size_t i = 0; i < result.violations.size() && i < 5; ++i) {
    fmt::print("  {}: {}\n", result.violations[i].requirement, result.violations[i].message);
  }
  std::fflush(stdout);
  return result;
}

int SoakCommand(const Options& options, const Context& context) {
  auto session = OpenSession(options, context);
  if (!session) return Complain(session.error());
  int exit_status = 0;
  for (Mode mode : options.soak_modes) {
    if (!session->rig->profile.CommandFor(mode)) {
      fmt::print("skip [{}]: the profile has no command for this mode\n", ToString(mode));
      continue;
    }
    if (session->preflight.mute.contains(mode)) {
      fmt::print("fail [{}]: a ping must be answered, but {}\n", ToString(mode),
                 session->preflight.mute.at(mode));
      exit_status = 1;
      continue;
    }
    const auto result = RunLoadWithProgress(options, *session->rig, mode, context.stop);
    if (!result.violations.empty()) exit_status = 1;
    if (context.stop.stop_requested()) {
      fmt::print("interrupted after {} of {} requests\n", result.answered, options.requests);
      return 130;
    }
  }
  return exit_status;
}

}  // namespace touchstone
