// Scenario files, fault-injection/scenarios/NAME.json (docs/fault-scenarios.md): one fault each,
// what a good host makes of it, and the proof that it happened. Read and checked to the last key
// before anything runs.
//
// Pure but for reading files; any thread may call.
#pragma once

#include <boost/json/array.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/golden/case_file.h"

namespace touchstone {

struct Scenario {
  std::string name;             // "rate-limit-storm", the file's name without .json
  std::string about;            // what the provider does
  std::string good_host;        // what a good host does
  boost::json::array provider;  // its rules, as the file has them
  Case play;                    // "scenario/NAME", with its proof
};

using IsRequirement = std::function<bool(const std::string&)>;

// One file, or every fault found in it.
tl::expected<Scenario, std::vector<CaseError>> LoadScenario(const std::filesystem::path& file,
                                                            const IsRequirement& is_requirement);

// All scenarios of a folder, sorted by name; or every fault found in them. A folder without any is
// a fault.
tl::expected<std::vector<Scenario>, std::vector<CaseError>> LoadScenarios(
    const std::filesystem::path& folder, const IsRequirement& is_requirement);

}  // namespace touchstone
