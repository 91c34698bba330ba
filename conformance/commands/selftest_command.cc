#include "conformance/selftest/selftest.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "conformance/checks/check.h"
#include "conformance/commands/session.h"
#include "conformance/run/plan.h"

namespace touchstone {
namespace {

bool IsWanted(const defective::Defect& defect, const Options& options) {
  if (defect.requirement.empty() || (options.fast && !defect.fast)) return false;
  // A defect's area is its requirement's.
  Filter area;
  area.areas = options.filter.areas;
  if (!area.Admits("", {defect.requirement})) return false;
  const auto& globs = options.filter.globs;
  return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
           return ::fnmatch(glob.c_str(), defect.name.c_str(), 0) == 0;
         });
}

int PrintTable(const std::vector<const defective::Defect*>& defects) {
  for (const auto* defect : defects) {
    fmt::print("{:<10} {:<36} {}\n", defect->requirement, defect->name, defect->about);
  }
  return 0;
}

}  // namespace

int SelftestCommand(const Options& options, const Context& context) {
  SelftestPlan plan;
  for (const auto& defect : defective::Defects()) {
    if (IsWanted(defect, options)) plan.defects.push_back(&defect);
  }
  if (plan.defects.empty()) {
    return Complain({"the filter matches no defect; `touchstone selftest --list` shows them"});
  }
  if (options.list_only) return PrintTable(plan.defects);
  const auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  auto profile = ProfileFromOptions(options);
  if (!profile) return Complain(profile.error());
  auto jobs = MakePlan(suite->cases, Checks(), {});
  if (!jobs) return Complain({jobs.error()});
  plan.jobs = std::move(*jobs);
  plan.profile = std::move(*profile);
  plan.shim = options.program.parent_path() / "defective-host";
  plan.golden = options.data_dir / "golden";
  plan.scratch = context.scratch;
  plan.seed = options.seed;
  plan.threads = options.jobs;
  fmt::print(stderr, "touchstone selftest: {} defects, host {}, seed {}\n", plan.defects.size(),
             plan.profile.name, plan.seed);

  std::size_t done = 0;
  const auto told = [&](const Trial& trial) {
    fmt::print(stderr, "[{}/{}] {}\n", ++done, plan.defects.size(), FormatTrial(trial));
    std::fflush(stderr);
  };
  auto matrix = RunSelftest(plan, told, context.stop);
  if (!matrix) return Complain({matrix.error()});
  if (!options.fast && options.filter.areas.empty() && options.filter.globs.empty()) {
    matrix->without_defect =
        WithoutDefect(suite->catalogue, "M1", defective::Defects(), defective::Exceptions());
  }
  fmt::print("{}", FormatMatrix(*matrix));
  std::fflush(stdout);
  if (!options.json_file.empty()) {
    std::ofstream stream(options.json_file, std::ios::trunc);
    stream << MatrixJson(*matrix);
    stream.close();
    if (!stream) return Complain({options.json_file.string() + ": cannot be written"});
  }
  if (matrix->interrupted) return 130;
  return matrix->bites() ? 0 : 1;
}

}  // namespace touchstone
