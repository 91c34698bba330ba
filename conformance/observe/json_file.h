// JSON files that people write: profiles, waivers, policies. What is wrong with one is said with
// file and line.
//
// Stateless; any thread may call.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace touchstone {

struct JsonFile {
  std::filesystem::path file;
  std::string text;
  boost::json::value value;

  // "waivers.json:7: `expires`: expected a date"; the line is where the value at `path` begins. An
  // element of a list is its index in decimal digits.
  std::string Fault(const std::vector<std::string>& path, std::string_view message) const;
};

// Reads and parses strictly (ParseStrict). The error names the file, and the line where it stops
// being JSON.
tl::expected<JsonFile, std::string> ReadJsonFile(const std::filesystem::path& file);

// The line (1 is the first) on which the value at `path` begins in valid JSON text, or the deepest
// part of the path that there is.
int LineOf(std::string_view text, const std::vector<std::string>& path);

}  // namespace touchstone
