#include "conformance/commands/policies.h"

#include "conformance/policy/evaluate.h"

namespace touchstone {

tl::expected<policy::Policy, CommandError> LoadPolicy(const Options& options,
                                                      const std::string& name,
                                                      const std::filesystem::path& baseline) {
  policy::Policy policy;
  if (!name.empty()) {
    const auto file = policy::Find(options.data_dir / "ci/policies", name);
    if (!file) return tl::unexpected(CommandError{"--policy: " + file.error(), 2});
    auto loaded = policy::Load(*file);
    if (!loaded) return tl::unexpected(CommandError{loaded.error(), 2});
    policy = std::move(*loaded);
  }
  if (!baseline.empty()) {
    if (!policy.baseline) policy.baseline.emplace();
    policy.baseline->report = baseline;
  }
  return policy;
}

void ApplyPolicy(const policy::Policy& policy, Options& options) {
  options.milestone = policy.milestone;
  options.filter.modes = policy.run.modes;
  options.filter.areas = policy.run.areas;
  options.filter.globs = policy.run.only;
  options.repeat = policy.run.repeat;
  options.waivers_file = policy.waivers;
  if (policy.run.jobs > 0) options.jobs = policy.run.jobs;
}

tl::expected<std::unique_ptr<ReportFile>, CommandError> LoadBaseline(const policy::Policy& policy) {
  if (!policy.baseline) return std::unique_ptr<ReportFile>();
  auto read = ReadReport(policy.baseline->report);
  if (!read) return tl::unexpected(CommandError{"the baseline: " + read.error(), 2});
  return std::make_unique<ReportFile>(std::move(*read));
}

void JudgeByPolicy(const policy::Policy& policy, const std::unique_ptr<ReportFile>& before,
                   Report& report) {
  report.policy = policy.name;
  if (policy.name.empty() && !policy.baseline) return;
  policy::Judge(policy, before ? &before->report : nullptr, report);
}

}  // namespace touchstone
