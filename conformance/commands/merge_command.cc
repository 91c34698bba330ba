#include <fmt/format.h>

#include <cstdio>

#include "conformance/commands/flags.h"
#include "conformance/commands/judge.h"
#include "conformance/commands/policies.h"
#include "conformance/policy/merge.h"

namespace touchstone {
namespace {

class MergeCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    app.add_option("reports", files_, "the report.json of each shard, in any order")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--report-dir", options.report_dir,
                   "write the merged report.json, junit.xml and transcripts here");
    app.add_option("--policy", policy_, "the policy that the shards were played by");
    app.add_option("--waivers", options.waivers_file, "as for run; a policy names its own")
        ->check(CLI::ExistingFile);
    app.add_option("--baseline", baseline_, "as for gate")->check(CLI::ExistingFile);
  }

  int Run(const Options& options, const Context& context) override;

 private:
  std::vector<std::filesystem::path> files_;
  std::string policy_;
  std::filesystem::path baseline_;
};

int MergeCommand::Run(const Options& asked, const Context& context) {
  Options options = asked;
  auto policy = LoadPolicy(options, policy_, baseline_);
  if (!policy) return Complain(policy.error());
  if (!policy_.empty()) options.waivers_file = policy->waivers;
  std::vector<ReportFile> shards;
  for (const auto& file : files_) {
    auto read = ReadReport(file);
    if (!read) return Complain({read.error(), 2});
    for (const auto& missing : LoadTranscripts(*read))
      fmt::print(stderr, "touchstone merge: {} is not there\n", missing);
    if (read->report.policy != policy->name) {
      return Complain(
          {fmt::format("{}: it was played by {}, and --policy {}", file.string(),
                       read->report.policy.empty() ? "no policy" : "policy " + read->report.policy,
                       policy->name.empty() ? "is not given" : "is " + policy->name),
           2});
    }
    shards.push_back(std::move(*read));
  }
  auto before = LoadBaseline(*policy);
  if (!before) return Complain(before.error());
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  suite->waiving.flaky_allowed = static_cast<int>(policy->limits.flaky);
  if (auto error = PrepareReportDir(options)) return Complain(*error);
  auto merged = Merge(shards, suite->catalogue, suite->waiving);
  if (!merged) return Complain({merged.error()});
  JudgeByPolicy(*policy, *before, *merged);
  return Conclude(options, *merged, context.stop);
}

const CommandRegistration<MergeCommand> kMerge(
    {.name = "merge",
     .about = "put the reports of all shards of a plan together; none may be missing",
     .group = CommandGroup::kReports,
     .examples = R"(
  touchstone merge part-*/report.json --report-dir report
  touchstone merge part-*/report.json --policy release --report-dir report)",
     .starts_processes = false});

}  // namespace
}  // namespace touchstone
