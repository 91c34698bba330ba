#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <thread>

#include "conformance/commands/flags.h"
#include "conformance/commands/selftest_plan.h"

namespace touchstone {
namespace {

bool IsWanted(const defective::Defect& defect, const Options& options, bool fast) {
  if (defect.requirement.empty() || (fast && !defect.fast)) return false;
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

class SelftestCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    app.add_option("--profile", options.profile_file,
                   "a conforming host, to be broken; default: the bundled refhost")
        ->check(CLI::ExistingFile);
    AddSeedFlag(app, options);
    app.add_option("--only", options.filter.globs,
                   "only defects whose name fits the glob: '*-key'; may be repeated")
        ->allow_extra_args(false);
    AddAreaFlag(app, options.filter.areas, "only defects that violate these areas: FRAME,SESS");
    app.add_flag("--fast", fast_, "only the subset that every build proves");
    app.add_flag("--list", list_only_, "print the defects, and run nothing");
    AddJobsFlag(app, options, "defects at the same time; default: one a core");
    app.add_option("--json", json_file_, "write the kill matrix here");
  }

  // A trial keeps a provider and a shim busy, too.
  std::string Check(Options& options) override {
    if (options.jobs == 0)
      options.jobs = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    return {};
  }

  int Run(const Options& options, const Context& context) override;

 private:
  bool fast_ = false, list_only_ = false;
  std::filesystem::path json_file_;
};

int SelftestCommand::Run(const Options& options, const Context& context) {
  std::vector<const defective::Defect*> defects;
  for (const auto& defect : defective::Defects()) {
    if (IsWanted(defect, options, fast_)) defects.push_back(&defect);
  }
  if (defects.empty()) {
    return Complain({"the filter matches no defect; `touchstone selftest --list` shows them"});
  }
  if (list_only_) return PrintTable(defects);
  const auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  auto made = MakeSelftestPlan(options, *suite, context.scratch);
  if (!made) return Complain(made.error());
  SelftestPlan& plan = *made;
  plan.defects = std::move(defects);
  fmt::print(stderr, "touchstone selftest: {} defects, host {}, seed {}\n", plan.defects.size(),
             plan.profile.name, plan.seed);

  std::size_t done = 0;
  const auto told = [&](const Trial& trial) {
    fmt::print(stderr, "[{}/{}] {}\n", ++done, plan.defects.size(), FormatTrial(trial));
    std::fflush(stderr);
  };
  auto matrix = RunSelftest(plan, told, context.stop);
  if (!matrix) return Complain({matrix.error()});
  if (!fast_ && options.filter.areas.empty() && options.filter.globs.empty()) {
    matrix->without_defect = RequirementsWithoutDefect(*suite);
  }
  fmt::print("{}", FormatMatrix(*matrix));
  std::fflush(stdout);
  if (!json_file_.empty()) {
    std::ofstream stream(json_file_, std::ios::trunc);
    stream << MatrixJson(*matrix);
    stream.close();
    if (!stream) return Complain({json_file_.string() + ": cannot be written"});
  }
  if (matrix->interrupted) return 130;
  return matrix->bites() ? 0 : 1;
}

const CommandRegistration<SelftestCommand> kSelftest(
    {.name = "selftest",
     .about = "judge the judge: hosts with one thing broken, each of which must be noticed",
     .group = CommandGroup::kJudgeItself,
     .examples = R"(
  touchstone selftest --fast                      the subset that ci/test proves
  touchstone selftest --area IDEM,SESS --seed 1)"});

}  // namespace
}  // namespace touchstone
