// What `selftest` and a gate's selftest have in common.
#pragma once

#include "conformance/commands/session.h"
#include "conformance/selftest/selftest.h"

namespace touchstone {

// A plan for the host that the options name, without defects: the caller chooses them.
tl::expected<SelftestPlan, CommandError> MakeSelftestPlan(const Options& options,
                                                          const Suite& suite,
                                                          const std::filesystem::path& scratch);

// Requirements of M1 that no defect violates, when all defects were asked for.
std::vector<std::string> RequirementsWithoutDefect(const Suite& suite);

}  // namespace touchstone
