#include "conformance/commands/load_with_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace touchstone {

LoadResult RunLoadWithProgress(const Options& options, int requests, Rig& rig, Mode mode,
                               std::stop_token stop) {
  LoadOptions load{requests, mode, options.seed, 8, std::max(2, options.jobs)};
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

}  // namespace touchstone
