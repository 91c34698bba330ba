#include "conformance/policy/policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace touchstone::policy {

namespace fs = std::filesystem;

std::string Policy::Line(const std::vector<std::string>& path) const {
  if (file.text.empty()) return {};
  std::string where;
  for (const auto& step : path) where += (where.empty() ? "" : ".") + step;
  return fmt::format("{}:{} {}", file.file.filename().string(), LineOf(file.text, path), where);
}

tl::expected<fs::path, std::string> Find(const fs::path& folder, const std::string& name_or_file) {
  std::error_code ec;
  const bool is_name = name_or_file.find('/') == std::string::npos;
  if (is_name) {
    const auto named = folder / (name_or_file + ".json");
    if (fs::is_regular_file(named, ec)) return named;
  }
  if (fs::is_regular_file(name_or_file, ec)) return fs::path(name_or_file);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return tl::unexpected(fmt::format("no policy \"{}\": neither a file, nor one of {}", name_or_file,
                                    fmt::join(names, ", ")));
}

}  // namespace touchstone::policy
