#include "conformance/contract/advice.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "conformance/contract/shape.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

constexpr std::string_view kPlace = "{{advice}}\n";

std::string Section(const Requirement& row, const Advice& advice) {
  std::string modes;
  for (Mode mode : row.modes)
    modes += fmt::format("{}{}", modes.empty() ? "" : ", ", ToString(mode));
  const auto condition = row.condition.empty() ? "" : row.condition + " ⇒ ";
  return fmt::format(
      "\n### {}\n\n> {}{} ({}, {}, modes {})\n\n- **You see:** {}\n- **Usual cause:** {}\n- **What "
      "to do:** {}\n",
      row.id, condition, row.text, row.level, row.milestone, modes, advice.sees, advice.cause,
      advice.remedy);
}

}  // namespace

tl::expected<AdviceBook, std::string> LoadAdvice(const std::filesystem::path& file,
                                                 const Catalogue& catalogue) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  const auto json = ParseStrict(text);
  const auto fault = [&](const std::string& what) {
    return tl::unexpected(fmt::format("{}: {}", file.string(), what));
  };
  if (!json) return fault(json.error().message);
  const auto* root = json->if_object();
  const auto* rows = root ? root->if_contains("advice") : nullptr;
  if (!rows || !rows->is_array()) return fault("expected {\"advice\":[…]}");
  AdviceBook book;
  for (const auto& row : rows->get_array()) {
    const auto* fields = row.if_object();
    const auto at = [&](std::string_view key) {
      const auto* found = fields ? StringAt(*fields, key) : nullptr;
      return found ? std::string(*found) : std::string();
    };
    const auto id = at("id");
    const Advice advice{at("sees"), at("cause"), at("do")};
    if (!catalogue.Find(id)) return fault(fmt::format("\"{}\" is no requirement", id));
    if (advice.sees.empty() || advice.cause.empty() || advice.remedy.empty())
      return fault(fmt::format("{}: `sees`, `cause` and `do` must not be empty", id));
    if (!book.emplace(id, advice).second) return fault(fmt::format("{} is there twice", id));
  }
  return book;
}

tl::expected<std::string, std::string> RenderFaq(const Catalogue& catalogue, const AdviceBook& book,
                                                 std::string_view prose) {
  const auto place = prose.find(kPlace);
  if (place == std::string_view::npos)
    return tl::unexpected(std::string("the line {{advice}} is missing"));
  std::string sections;
  for (const Area& area : catalogue.areas()) {
    std::string of_area;
    bool gates_on_m1 = false;
    for (const Requirement& row : catalogue.requirements()) {
      if (row.area() != area.id) continue;
      gates_on_m1 |= row.milestone == "M1";
      const auto found = book.find(row.id);
      if (found != book.end()) of_area += Section(row, found->second);
    }
    if (of_area.empty()) {
      if (!gates_on_m1) continue;
      return tl::unexpected(fmt::format("no requirement of {} has advice", area.id));
    }
    sections +=
        fmt::format("{}## {} ({})\n{}", sections.empty() ? "" : "\n", area.title, area.id, of_area);
  }
  return fmt::format("<!-- Generated: touchstone docs faq > docs/faq.md -->\n{}{}{}",
                     prose.substr(0, place), sections, prose.substr(place + kPlace.size()));
}

}  // namespace touchstone
