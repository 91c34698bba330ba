// What the commands share of the command line, as one plain struct. Nothing behind a command reads
// argv or the environment. A flag of one command alone is a member of that command.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "conformance/run/plan.h"
#include "conformance/run/shard.h"

namespace touchstone {

struct Options {
  std::string command;             // "run"
  std::filesystem::path program;   // the running touchstone
  std::filesystem::path data_dir;  // the folder that holds golden/ and conformance/profiles/

  // The host under test: AddHostFlags().
  std::filesystem::path profile_file;     // empty: refhost's
  std::string host_bin;                   // another program for the profile's commands
  std::vector<std::string> host_command;  // what stood after `--`

  std::uint64_t seed = 0;  // 0: chosen by chance, and printed
  bool plain = false;      // no refreshing line
  int jobs = 0;            // at the same time; 0: two for each core

  // What is played, and where the results go: AddRunFlags().
  Filter filter;
  std::string milestone = "M1";
  int repeat = 1;                // attempts of each check
  std::optional<ShardOf> shard;  // the part of the plan that is played here
  std::filesystem::path report_dir;
  std::filesystem::path waivers_file, write_waivers_file;
  std::filesystem::path drafts_dir;  // of `run`: its cases alone, no golden ones and no checks
};

}  // namespace touchstone
