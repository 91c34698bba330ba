#include "conformance/contract/catalogue.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "conformance/contract/shape.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

std::string TextAt(const boost::json::object& fields, std::string_view key) {
  const auto* text = StringAt(fields, key);
  return text ? std::string(*text) : std::string();
}

std::string ReadRequirement(const boost::json::value& v, std::vector<Requirement>& into) {
  if (!v.is_object()) return "a requirement must be an object";
  const auto& fields = v.get_object();
  Requirement row{TextAt(fields, "id"),         TextAt(fields, "level"),
                  TextAt(fields, "milestone"),  {},
                  TextAt(fields, "capability"), TextAt(fields, "condition"),
                  TextAt(fields, "text"),       TextAt(fields, "section")};
  if (row.id.empty() || row.text.empty())
    return fmt::format("a requirement needs `id` and `text`: {}", ToJson(v));
  if (row.level != "MUST" && row.level != "SHOULD")
    return fmt::format("{}: `level` must be MUST or SHOULD", row.id);
  if (row.milestone.size() != 2 || row.milestone[0] != 'M')
    return fmt::format("{}: `milestone` must be M1, M2 or M3", row.id);
  const auto* modes = fields.if_contains("modes");
  if (!modes || !modes->is_array() || modes->get_array().empty())
    return fmt::format("{}: `modes` must be a list", row.id);
  for (const auto& mode : modes->get_array()) {
    const auto known = mode.is_string() ? ModeFromString(mode.get_string()) : std::nullopt;
    if (!known) return fmt::format("{}: unknown mode {}", row.id, ToJson(mode));
    row.modes.push_back(*known);
  }
  into.push_back(std::move(row));
  return {};
}

}  // namespace

tl::expected<Catalogue, std::string> Catalogue::Load(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    return tl::unexpected(
        fmt::format("{}: cannot read the catalogue of requirements", file.string()));
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  auto json = ParseStrict(text);
  if (!json)
    return tl::unexpected(fmt::format("{}: not JSON: {}", file.string(), json.error().message));
  const auto* root = json->if_object();
  const auto* areas = root ? root->if_contains("areas") : nullptr;
  const auto* rows = root ? root->if_contains("requirements") : nullptr;
  if (!areas || !areas->is_array() || !rows || !rows->is_array()) {
    return tl::unexpected(
        fmt::format("{}: expected {{\"areas\":[…],\"requirements\":[…]}}", file.string()));
  }
  Catalogue catalogue;
  for (const auto& area : areas->get_array()) {
    if (!area.is_object()) continue;
    const auto& fields = area.get_object();
    catalogue.areas_.push_back(
        {TextAt(fields, "id"), TextAt(fields, "title"), TextAt(fields, "section")});
  }
  for (const auto& row : rows->get_array()) {
    auto fault = ReadRequirement(row, catalogue.requirements_);
    if (fault.empty() &&
        catalogue.Find(catalogue.requirements_.back().id) != &catalogue.requirements_.back()) {
      fault = catalogue.requirements_.back().id + " stands twice";
    }
    if (!fault.empty()) return tl::unexpected(fmt::format("{}: {}", file.string(), fault));
  }
  return catalogue;
}

const Requirement* Catalogue::Find(std::string_view id) const {
  for (const auto& row : requirements_) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

}  // namespace touchstone
