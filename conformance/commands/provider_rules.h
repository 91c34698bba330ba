// Where `touchstone provider --scenario` gets its rules from.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/commands/session.h"
#include "fault-injection/provider/lane.h"

namespace touchstone {

struct ProviderRules {
  std::string name;          // of the scenario, or the file
  std::string about;         // what the provider does; "": the rules alone were given
  boost::json::array given;  // as they were written
  std::vector<provider::Rule> rules;
};

// By a scenario's name; or from a file, which is a scenario, {"rules":[…]} or a list of rules.
// ${provider.base_url} in them is that of the lane.
tl::expected<ProviderRules, CommandError> LoadProviderRules(const Options& options,
                                                            const std::string& word,
                                                            const provider::Lane& lane);

}  // namespace touchstone
