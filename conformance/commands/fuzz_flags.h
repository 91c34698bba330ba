// `touchstone fuzz`, and `fuzz --model`, which is another search behind the same flags.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/commands/command.h"

namespace touchstone {

struct FuzzFlags {
  std::uint64_t cases = 0;  // for each mode; 0: 100000 in S, 2000 in O and B
  std::int64_t for_ms = 0;  // 0: no limit of time
  std::filesystem::path corpus_dir, promote_dir;
  std::string replay;                 // one input in base64; with `model` the file of a program
  std::vector<std::string> families;  // empty: all
  bool model = false;
  int programs = 1000, steps = 40;
};

// `fuzz --model`. Returns the exit status.
int PlayPrograms(const Options& options, const FuzzFlags& flags, const Context& context);

}  // namespace touchstone
