#include "conformance/selftest/defects_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone {
namespace {

constexpr std::string_view kIntroduction =
    R"(<!-- Generated: touchstone docs defects > docs/defects.md -->
# Hosts with one thing broken

`touchstone selftest` runs the judge against each of these and demands that it fails them by the
requirement that they violate. `defective-host --defect NAME -- HOST …` (of
fault-injection/defective-hosts) stands before any conforming host and breaks that one thing.
*Blatant* shows always, *subtle* for one class of inputs, *rare* in about one of 50 occasions. A
defect marked ∙ is not in the fast subset (`--fast`) that `ci/test` proves.

)";

// In a table's cell.
std::string Cell(const std::string& text) {
  std::string cell;
  for (char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

}  // namespace

std::string RenderDefects(const Catalogue& catalogue) {
  std::map<std::string, std::vector<const defective::Defect*>> by_requirement;
  int count = 0;
  for (const auto& defect : defective::Defects()) {
    if (defect.requirement.empty()) continue;
    by_requirement[defect.requirement].push_back(&defect);
    ++count;
  }
  std::string page(kIntroduction);
  page += fmt::format("{} defects, {} requirements.\n", count, by_requirement.size());
  for (const Area& area : catalogue.areas()) {
    std::string rows;
    for (const Requirement& requirement : catalogue.requirements()) {
      if (requirement.area() != area.id || !by_requirement.contains(requirement.id)) continue;
      for (const auto* defect : by_requirement.at(requirement.id)) {
        rows +=
            fmt::format("| {} | `{}`{} | {} | {} |\n", requirement.id, defect->name,
                        defect->fast ? "" : " ∙", ToString(defect->subtlety), Cell(defect->about));
      }
    }
    if (rows.empty()) continue;
    page += fmt::format(
        "\n## {} ({})\n\n| requirement | defect | | what is broken |\n|---|---|---|---|\n{}",
        area.title, area.id, rows);
  }
  page += "\n## Requirements of M1 without a defect\n\n";
  if (defective::Exceptions().empty()) page += "None.\n";
  for (const auto& exception : defective::Exceptions()) {
    page += fmt::format("- {}: {}\n", exception.requirement, exception.reason);
  }
  return page;
}

}  // namespace touchstone
