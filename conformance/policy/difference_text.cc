#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"
#include "conformance/policy/difference.h"

namespace touchstone {
namespace {

struct Part {
  std::string_view title;
  const std::vector<DifferenceRow>* rows;
};

std::vector<Part> PartsOf(const Difference& d) {
  return {{"regressed", &d.regressed}, {"vanished", &d.vanished}, {"unproven", &d.unproven},
          {"fixed", &d.fixed},         {"appeared", &d.appeared}, {"noise", &d.noise}};
}

std::string Name(const std::string& state) { return state.empty() ? "not there" : state; }

std::string Conclusion(const Difference& d) {
  if (d.Regressed()) {
    return fmt::format("{} regressed, {} vanished", d.regressed.size(), d.vanished.size());
  }
  return "no regression";
}

// A cell of a table: no line feed, no bar that ends it, nothing that GitHub takes for a tag.
std::string Cell(std::string_view text) {
  std::string cell;
  for (char c : Excerpt(text, 200)) {
    if (c == '|' || c == '`' || c == '<' || c == '*' || c == '[') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace

std::string DifferenceText(const Difference& d) {
  std::string text;
  for (const Part& part : PartsOf(d)) {
    if (part.rows->empty()) continue;
    text += fmt::format("{} ({}):\n", part.title, part.rows->size());
    for (const DifferenceRow& row : *part.rows) {
      text += fmt::format("  {:<40} {} -> {}{}\n", row.subject, Name(row.was), Name(row.now),
                          row.message.empty() ? "" : ": " + Excerpt(row.message, 200));
    }
  }
  return text + Conclusion(d) + "\n";
}

std::string DifferenceMarkdown(const Difference& d) {
  auto text = fmt::format("**{}**\n", Conclusion(d));
  for (const Part& part : PartsOf(d)) {
    if (part.rows->empty()) continue;
    text += fmt::format("\n### {} ({})\n\n| what | was | is | why |\n|---|---|---|---|\n",
                        part.title, part.rows->size());
    for (const DifferenceRow& row : *part.rows) {
      text += fmt::format("| {} | {} | {} | {} |\n", Cell(row.subject), Cell(Name(row.was)),
                          Cell(Name(row.now)), Cell(row.message));
    }
  }
  return text;
}

std::string DifferenceJson(const Difference& d) {
  auto json = ToJson(d);
  json["regression"] = d.Regressed();
  return ToJson(json) + "\n";
}

}  // namespace touchstone
