// Plays random programs, many at a time, until one fails or all are played; then looks for a short
// program that fails alike.
//
// Blocks the caller; makes its own threads, and joins them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "conformance/drive/rig.h"
#include "conformance/fuzz/model/play.h"

namespace touchstone::model {

struct HuntPlan {
  std::uint64_t seed = 1;
  int first = 0, programs = 100;  // numbers of the seed's programs
  int steps = 40;                 // at most, of each
  int threads = 2;
  std::chrono::milliseconds budget{0};  // begin no further program after this; 0: no bound
};

struct Find {
  int number = 0;           // of the program
  std::size_t steps = 0;    // that it had
  int plays = 0;            // that shrinking took
  Program program;          // the short one
  Played played;            // its failure
  bool reproduced = false;  // it failed again when it was played once more
};

struct Hunted {
  int programs = 0;
  long lines = 0, runs = 0;
  std::size_t most_worlds = 0;
  int lost = 0;  // programs that were too much for the model, and judged in part
  std::optional<Find> find;
  std::string not_played;
};

// `told` is called after each program, one call at a time.
Hunted Hunt(Rig& rig, const HuntPlan& plan, std::stop_token stop,
            const std::function<void(const Hunted&)>& told = {});

// The programs in the files of a folder, *.jsonl, sorted by name. An error names file and line.
struct NamedProgram {
  std::string name;
  Program program;
};
tl::expected<std::vector<NamedProgram>, std::string> LoadPrograms(
    const std::filesystem::path& folder);

// A short program that breaks the same requirement as `failed` does, which `program` led to.
Find Shrink(Rig& rig, const Program& program, Played failed, std::stop_token stop);

// What a person reads: the steps in words, the violations.
std::string Describe(const Find& find);

}  // namespace touchstone::model
