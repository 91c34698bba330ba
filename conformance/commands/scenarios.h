// Where the commands get their fault scenarios from.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/commands/session.h"
#include "conformance/scenario/scenario_file.h"

namespace touchstone {

// All scenarios of the data folder. A fault in one is a usage error with file and line.
tl::expected<std::vector<Scenario>, CommandError> LoadAllScenarios(const Options& options);

// Whether the word is a file: it has a slash or ends in ".json".
bool IsScenarioFile(const std::string& word);

// One by its name, or from such a file.
tl::expected<Scenario, CommandError> FindScenario(const Options& options, const std::string& word);

// Prints the rules that the provider answers by, one a line.
void PrintRules(const Scenario& scenario);

}  // namespace touchstone
