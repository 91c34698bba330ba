#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "conformance/checks/check.h"
#include "conformance/commands/coverage.h"
#include "conformance/commands/flags.h"
#include "conformance/contract/advice.h"
#include "conformance/contract/always_on.h"

namespace touchstone {
namespace {

int Explain(const Options& options, const std::string& topic) {
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  std::string id = topic;
  std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::toupper(c); });
  const Requirement* row = suite->catalogue.Find(id);
  if (!row) {
    return Complain({fmt::format("\"{}\" is no requirement; an ID looks like FRAME-13, `touchstone "
                                 "list requirements` shows all",
                                 topic),
                     2});
  }
  const auto book = LoadAdvice(options.data_dir / "golden/contract/advice.json", suite->catalogue);
  if (!book) return Complain({book.error(), 2});
  fmt::print("{}  {}, milestone {}, modes {}{}\n\n", row->id, row->level, row->milestone,
             ModesText(row->modes),
             row->capability.empty() ? "" : ", for hosts that claim [" + row->capability + "]");
  if (!row->condition.empty()) fmt::print("The provider: {}\n", row->condition);
  fmt::print("{}\n\nsource: Host Protocol v1, section {} (docs/contract.md)\n", row->text,
             row->section);
  if (const auto found = book->find(row->id); found != book->end()) {
    const Advice& advice = found->second;
    fmt::print("\nyou see:      {}\nusual cause:  {}\nwhat to do:   {}\n\n", advice.sees,
               advice.cause, advice.remedy);
  }
  for (Mode mode : row->modes) {
    const auto always = AlwaysOn(mode);
    if (std::find(always.begin(), always.end(), row->id) != always.end()) {
      fmt::print("seen in mode {} by every play, whatever it is about\n", ToString(mode));
    }
  }
  const auto sees = [&](const std::vector<std::string>& ids) {
    return std::find(ids.begin(), ids.end(), row->id) != ids.end();
  };
  // The rows of one file are one line here.
  std::map<std::filesystem::path, int> rows;
  for (const Case& one : suite->cases) ++rows[one.file];
  for (const Case& one : suite->cases) {
    if (!sees(one.requirements) || rows[one.file] == 0) continue;
    const int count = std::exchange(rows[one.file], 0);
    const auto name = count == 1 ? one.name : one.name.substr(0, one.name.rfind('/')) + "/*";
    fmt::print("case  {} [{}]{}: {}\n", name, ModesText(one.modes),
               count == 1 ? "" : fmt::format(", {} rows", count), one.about);
  }
  for (const Check& check : Checks()) {
    if (sees(check.requirements))
      fmt::print("check {} [{}]: {}\n", check.name, ModesText(check.modes), check.about);
  }
  auto coverage = Coverage(*suite);
  if (!coverage) return Complain({coverage.error()});
  for (const auto& verdict : *coverage) {
    if (verdict.requirement == row && !verdict.uncovered_modes.empty())
      fmt::print("not judged in {}\n", ModesText(verdict.uncovered_modes));
  }
  return 0;
}

class ExplainCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options&) override {
    app.add_option("id", id_, "FRAME-13")->required();
  }

  int Run(const Options& options, const Context&) override { return Explain(options, id_); }

 private:
  std::string id_;
};

const CommandRegistration<ExplainCommand> kExplain(
    {.name = "explain",
     .about = "a requirement: its text, what a failure mostly means, and what sees it",
     .group = CommandGroup::kReports,
     .starts_processes = false});

}  // namespace
}  // namespace touchstone
