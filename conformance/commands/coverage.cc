#include "conformance/commands/coverage.h"

#include <fmt/format.h>

#include "conformance/checks/check.h"
#include "conformance/run/plan.h"

namespace touchstone {

std::string ModesText(const std::vector<Mode>& modes) {
  std::string text;
  for (Mode mode : modes) text += fmt::format("{}{}", text.empty() ? "" : ",", ToString(mode));
  return text;
}

tl::expected<std::vector<RequirementVerdict>, std::string> Coverage(const Suite& suite) {
  auto jobs = MakePlan(suite.cases, Checks(), {});
  if (!jobs) return tl::unexpected(jobs.error());
  return Account(suite.catalogue, *jobs, {}, "M3", false).requirements;
}

}  // namespace touchstone
