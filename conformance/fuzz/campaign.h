// A search: input after input from a seed, in one mode, until so many were sent, the time is over
// or somebody asks to stop. What fails is made minimal, and the search goes on with a fresh host.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "conformance/fuzz/host_run.h"
#include "conformance/fuzz/recipe.h"
#include "conformance/fuzz/shrink.h"

namespace touchstone::fuzz {

struct CampaignOptions {
  Mode mode = Mode::kStream;
  std::vector<Family> families{kFamilies.begin(), kFamilies.end()};
  std::uint64_t seed = 1;
  std::uint64_t cases = 100'000;
  std::optional<std::chrono::milliseconds> at_most = {};  // whichever comes first
  int workers = 4;                                        // O and B: processes at a time
  bool minimise = true;
  std::chrono::milliseconds to_minimise = std::chrono::seconds(9);  // a finding
  std::size_t max_findings = 20;
};

struct Finding {
  Mode mode = Mode::kStream;
  std::string origin;  // "requests 17 of seed 1", or a file
  Minimal minimal;
  std::size_t limit = kFuzzedLimit;
};

struct CampaignResult {
  std::uint64_t inputs = 0, processes = 0, repeated = 0;
  double seconds = 0;
  std::vector<Finding> findings;
  bool interrupted = false, given_up = false;  // given up: it fails all the time
};

// `progress` is told the inputs and findings so far, a few times a second.
CampaignResult RunCampaign(
    Rig& rig, const CampaignOptions& options,
    const std::function<void(std::uint64_t inputs, std::size_t findings)>& progress,
    std::stop_token stop);

// Inputs from files instead, under their names.
struct NamedInput {
  std::string name, bytes;
};
CampaignResult RunInputs(Rig& rig, Mode mode, const std::vector<NamedInput>& inputs,
                         std::stop_token stop, bool minimise = true,
                         std::size_t limit = kFuzzedLimit);

}  // namespace touchstone::fuzz
