#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "conformance/checks/check.h"
#include "conformance/commands/session.h"
#include "conformance/contract/always_on.h"
#include "conformance/run/ledger.h"
#include "conformance/run/plan.h"

namespace touchstone {
namespace {

std::string ModesText(const std::vector<Mode>& modes) {
  std::string text;
  for (Mode mode : modes) text += fmt::format("{}{}", text.empty() ? "" : ",", ToString(mode));
  return text;
}

// The coverage of each requirement, as the ledger of an unfiltered plan sees it.
tl::expected<std::vector<RequirementVerdict>, std::string> Coverage(const Suite& suite) {
  auto jobs = MakePlan(suite.cases, Checks(), {});
  if (!jobs) return tl::unexpected(jobs.error());
  return Account(suite.catalogue, *jobs, {}, "M3", false).requirements;
}

int ListRequirements(const Options& options, const Suite& suite) {
  auto coverage = Coverage(suite);
  if (!coverage) return Complain({coverage.error()});
  for (const auto& row : *coverage) {
    const Requirement& requirement = *row.requirement;
    if (requirement.milestone > options.milestone ||
        !options.filter.Admits(requirement.area() + "/", {requirement.id}))
      continue;
    if (options.uncovered && row.uncovered_modes.empty()) continue;
    fmt::print("{:<10} {:<6} {} {:<5} {}{}\n", requirement.id, requirement.level,
               requirement.milestone, ModesText(requirement.modes),
               row.uncovered_modes.empty()
                   ? ""
                   : "[not judged in " + ModesText(row.uncovered_modes) + "] ",
               requirement.condition.empty() ? requirement.text
                                             : requirement.condition + " => " + requirement.text);
  }
  return 0;
}

int ListCases(const Options& options, const Suite& suite) {
  for (const Case& one : suite.cases) {
    if (!options.filter.Admits(one.name, one.requirements)) continue;
    fmt::print("{:<48} {:<6} {:<24} {}\n", one.name, ModesText(one.modes),
               fmt::format("{}", fmt::join(one.requirements, ",")), one.about);
  }
  return 0;
}

int ListChecks(const Options& options) {
  for (const Check& check : Checks()) {
    if (!options.filter.Admits(check.name, check.requirements)) continue;
    fmt::print("{:<48} {:<6} {:<24} {}\n", check.name, ModesText(check.modes),
               fmt::format("{}", fmt::join(check.requirements, ",")), check.about);
  }
  return 0;
}

}  // namespace

int ListCommand(const Options& options) {
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  if (options.topic == "requirements") return ListRequirements(options, *suite);
  if (options.topic == "cases") return ListCases(options, *suite);
  return ListChecks(options);
}

int ExplainCommand(const Options& options) {
  auto suite = LoadSuite(options);
  if (!suite) return Complain(suite.error());
  std::string id = options.topic;
  std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::toupper(c); });
  const Requirement* row = suite->catalogue.Find(id);
  if (!row) {
    return Complain({fmt::format("\"{}\" is no requirement; an ID looks like FRAME-13, `touchstone "
                                 "list requirements` shows all",
                                 options.topic),
                     2});
  }
  fmt::print("{}  {}, milestone {}, modes {}{}\n\n", row->id, row->level, row->milestone,
             ModesText(row->modes),
             row->capability.empty() ? "" : ", for hosts that claim [" + row->capability + "]");
  if (!row->condition.empty()) fmt::print("The provider: {}\n", row->condition);
  fmt::print("{}\n\nsource: Host Protocol v1, section {} (docs/contract.md)\n", row->text,
             row->section);
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

}  // namespace touchstone
