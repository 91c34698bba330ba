// Which requirements the suite judges: what `list` and `explain` share.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/commands/session.h"
#include "conformance/run/ledger.h"

namespace touchstone {

// "S,O".
std::string ModesText(const std::vector<Mode>& modes);

// The coverage of each requirement, as the ledger of an unfiltered plan sees it.
tl::expected<std::vector<RequirementVerdict>, std::string> Coverage(const Suite& suite);

}  // namespace touchstone
