// The command line of touchstone as one plain struct. Nothing behind this reads argv or the
// environment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"
#include "conformance/run/plan.h"

namespace touchstone {

struct Options {
  std::string command;             // run, gate, soak, selftest, list, explain, provider, docs
  std::filesystem::path program;   // the running touchstone
  std::filesystem::path data_dir;  // the folder that holds golden/ and conformance/profiles/

  // The host under test.
  std::filesystem::path profile_file;     // empty: refhost's
  std::string host_bin;                   // another program for the profile's commands
  std::vector<std::string> host_command;  // what stood after `--`

  // run, gate
  Filter filter;
  std::string milestone = "M1";
  int jobs = 0;            // 0: two for each core, in a selftest one
  std::uint64_t seed = 0;  // 0: chosen by chance, and printed
  std::filesystem::path report_dir;
  std::filesystem::path waivers_file, write_waivers_file;
  bool plain = false;  // no refreshing line

  // soak, gate
  int requests = 1000;
  std::vector<Mode> soak_modes;

  // fuzz
  std::uint64_t cases = 0;  // for each mode; 0: 100000 in S, 2000 in O and B
  std::int64_t for_ms = 0;  // 0: no limit of time
  std::filesystem::path corpus_dir, promote_dir;
  std::string replay;  // one input in base64
  std::vector<std::string> families;
  bool model = false;  // programs against the model, not inputs
  int programs = 1000, steps = 40;

  // selftest
  bool fast = false;       // the subset of every build
  bool list_only = false;  // print the table of defects
  std::filesystem::path json_file;

  // list, explain, docs
  std::string topic;
  bool uncovered = false;
  bool check = false;

  // provider, fault, scenarios
  int port = 0;
  std::string bind_address = "127.0.0.1";
  std::string scenario;  // a name, or a file
  std::filesystem::path journal_file;
  bool quiet = false;  // no narration

  // proxy
  std::string host = "127.0.0.1";  // of its API
  std::filesystem::path proxy_config;
};

struct ParsedOptions {
  Options options;
  bool leave = false;  // --help, --version or a usage error: print and exit
  int exit_status = 0;
};

// Parses; prints help or the usage error itself.
ParsedOptions ParseOptions(int argc, char** argv);

}  // namespace touchstone
