#include "conformance/commands/selftest_plan.h"

#include "conformance/checks/check.h"
#include "conformance/run/plan.h"

namespace touchstone {

tl::expected<SelftestPlan, CommandError> MakeSelftestPlan(const Options& options,
                                                          const Suite& suite,
                                                          const std::filesystem::path& scratch) {
  auto profile = ProfileFromOptions(options);
  if (!profile) return tl::unexpected(profile.error());
  auto jobs = MakePlan(suite.cases, Checks(), {});
  if (!jobs) return tl::unexpected(CommandError{jobs.error()});
  SelftestPlan plan;
  plan.jobs = std::move(*jobs);
  plan.profile = std::move(*profile);
  plan.shim = options.program.parent_path() / "defective-host";
  plan.golden = options.data_dir / "golden";
  plan.scratch = scratch;
  plan.seed = options.seed;
  plan.threads = options.jobs;
  return plan;
}

std::vector<std::string> RequirementsWithoutDefect(const Suite& suite) {
  return WithoutDefect(suite.catalogue, "M1", defective::Defects(), defective::Exceptions());
}

}  // namespace touchstone
