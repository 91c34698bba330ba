// Flags that several commands take, so that they are called and explained alike.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "conformance/commands/options.h"

namespace touchstone {

// --profile, --host-bin, a command after `--`, --seed, --plain.
void AddHostFlags(CLI::App& app, Options& options);

// AddHostFlags(), what to play (--modes, --area, --only, --jobs, --repeat, --shard), what to gate
// on
// (--milestone, --waivers), and where the results go (--report-dir, --write-waivers).
void AddRunFlags(CLI::App& app, Options& options);

void AddSeedFlag(CLI::App& app, Options& options);
void AddJobsFlag(CLI::App& app, Options& options, const std::string& about);

// `name` takes S, O or B, several of them separated by commas.
CLI::Option* AddModesFlag(CLI::App& app, const std::string& name, std::vector<Mode>& modes);

// `name` takes areas of the contract, separated by commas.
void AddAreaFlag(CLI::App& app, std::vector<std::string>& areas, const std::string& about);

// `name` takes a duration with its unit: 500ms, 90s, 10m, 24h.
CLI::Option* AddDurationFlag(CLI::App& app, const std::string& name, std::int64_t& ms,
                             const std::string& about);

std::vector<std::string> SplitCommas(std::string_view text);

}  // namespace touchstone
