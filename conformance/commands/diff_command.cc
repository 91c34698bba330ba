#include <fmt/format.h>

#include <cstdio>

#include "conformance/commands/flags.h"
#include "conformance/commands/session.h"
#include "conformance/policy/difference.h"
#include "conformance/report/report_file.h"

namespace touchstone {
namespace {

class DiffCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options&) override {
    app.add_option("old", old_, "the earlier report.json")->required()->check(CLI::ExistingFile);
    app.add_option("new", new_, "the later one")->required()->check(CLI::ExistingFile);
    app.add_option("--format", format_, "text, markdown or json")
        ->check(CLI::IsMember({"text", "markdown", "json"}))
        ->default_str("text");
    app.add_option("--tolerance", tolerance_percent_,
                   "percent by which a benchmark's median may be worse")
        ->check(CLI::Range(0.0, 1000.0))
        ->default_str("10");
  }

  int Run(const Options&, const Context&) override {
    const auto before = ReadReport(old_);
    if (!before) return Complain({before.error(), 2});
    const auto after = ReadReport(new_);
    if (!after) return Complain({after.error(), 2});
    for (const auto* read : {&*before, &*after}) {
      const Report& report = read->report;
      if (report.results.empty())
        return Complain({fmt::format("{}: it has no result to compare", read->file.string())});
      // Of a shard the rest would seem to have vanished.
      if (report.shard) {
        return Complain({fmt::format("{}: it is shard {}/{} of a run; merge the shards first",
                                     read->file.string(), report.shard->index, report.shard->of)});
      }
    }
    auto difference = Compare(before->report, after->report, tolerance_percent_ / 100);
    difference.old_report = old_.string();
    if (format_ == "text") {
      for (const auto* read : {&*before, &*after}) {
        const Report& report = read->report;
        fmt::print("{}: {}, version {}, seed {}, {}\n", read->file.string(), report.host_name,
                   report.version, report.seed, ToString(report.ledger.overall));
      }
    }
    fmt::print("{}", format_ == "json"       ? DifferenceJson(difference)
                     : format_ == "markdown" ? DifferenceMarkdown(difference)
                                             : DifferenceText(difference));
    std::fflush(stdout);
    return difference.Regressed() ? 1 : 0;
  }

 private:
  std::filesystem::path old_, new_;
  std::string format_ = "text";
  double tolerance_percent_ = 10;
};

const CommandRegistration<DiffCommand> kDiff(
    {.name = "diff",
     .about = "what regressed, was fixed, appeared and vanished between two reports",
     .group = CommandGroup::kReports,
     .examples = R"(
  touchstone diff last/report.json report/report.json
  touchstone diff last/report.json report/report.json --format markdown >> summary.md)",
     .starts_processes = false});

}  // namespace
}  // namespace touchstone
