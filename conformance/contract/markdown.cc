#include "conformance/contract/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace touchstone {
namespace {

constexpr std::string_view kOpen = "{{requirements ", kClose = "}}";

std::vector<std::string> Words(std::string text) {
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string ModesText(const std::vector<Mode>& modes) {
  if (modes.size() == 3) return "*";
  std::string text;
  for (Mode mode : modes) text += ToString(mode);
  return text;
}

tl::expected<std::string, std::string> Field(const Requirement& row, const std::string& field) {
  if (field == "id") return row.id;
  if (field == "level") return row.level;
  if (field == "milestone") return row.milestone;
  if (field == "modes") return ModesText(row.modes);
  if (field == "condition") return row.condition;
  if (field == "text") return row.text;
  return tl::unexpected(
      fmt::format("unknown field \"{}\"; known: id level milestone modes condition text", field));
}

tl::expected<std::string, std::string> Rows(const Catalogue& catalogue,
                                            std::string_view placeholder) {
  const auto bar = placeholder.find('|');
  if (bar == std::string_view::npos)
    return tl::unexpected(fmt::format("expected AREAS | FIELDS, got \"{}\"", placeholder));
  const auto areas = Words(std::string(placeholder.substr(0, bar)));
  const auto fields = Words(std::string(placeholder.substr(bar + 1)));
  std::string text;
  for (const Requirement& row : catalogue.requirements()) {
    if (std::find(areas.begin(), areas.end(), row.area()) == areas.end()) continue;
    for (const auto& field : fields) {
      auto cell = Field(row, field);
      if (!cell) return cell;
      text += fmt::format("| {} ", *cell);
    }
    text += "|\n";
  }
  if (text.empty()) return tl::unexpected(fmt::format("no requirement in \"{}\"", placeholder));
  return text;
}

}  // namespace

tl::expected<std::string, std::string> RenderContract(const Catalogue& catalogue,
                                                      std::string_view prose) {
  std::string page =
      "<!-- Generated from golden/contract by \"touchstone docs contract\". Do not edit. -->\n";
  std::istringstream lines{std::string(prose)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kOpen) || !line.ends_with(kClose)) {
      page += line + "\n";
      continue;
    }
    auto rows = Rows(catalogue, std::string_view(line).substr(
                                    kOpen.size(), line.size() - kOpen.size() - kClose.size()));
    if (!rows) return rows;
    page += *rows;
  }
  return page;
}

}  // namespace touchstone
