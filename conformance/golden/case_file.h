// Case files (docs/write-a-case.md): read, checked to the last key, and expanded by their rows,
// before anything runs. Pure but for reading files.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"

namespace touchstone {

// One step of a case. The keys that go with it are in the same JSON object of the file.
struct Step {
  int line = 0;      // in the file, 1 is the first
  std::string kind;  // "send", "expect", …
  boost::json::value argument;
  boost::json::object modifiers;  // "within_ms", "process", …

  std::optional<std::int64_t> Number(std::string_view modifier) const;
  std::string Text(std::string_view modifier) const;  // empty when absent
  bool Flag(std::string_view modifier) const;
  std::vector<std::string> Requirements() const;
  bool PlayedIn(Mode mode) const;
};

struct Case {
  std::string name;  // "req/timeout-range/zero": area, case, row
  std::filesystem::path file;
  std::vector<std::string> requirements;
  std::vector<Mode> modes;
  std::string about;
  boost::json::object env;
  std::vector<std::string> capabilities;
  std::vector<std::string>
      dialects;  // of the provider, that its bodies are written for; empty: all
  bool timing = false;
  bool best_of_timing = false;  // one trial of five is enough
  bool serial = false;
  bool draft = false;  // recorded from a host and not reviewed (docs/record.md)
  std::vector<Step> steps;
  std::vector<Step> proof;  // of a scenario: that its fault happened
};

struct CaseError {
  std::filesystem::path file;
  int line = 0;  // 0: the whole file
  std::string message;

  std::string ToString() const;  // "golden/cases/req/x.jsonl:3: unknown step …"
};

// What a folder of cases may hold. A draft says what some host did, which proves nothing about it:
// among golden cases one is a fault.
enum class Drafts { kRefused, kAllowed };

// All cases below `directory`, sorted by name; or every fault found in them. `is_requirement` knows
// the catalogue's IDs.
tl::expected<std::vector<Case>, std::vector<CaseError>> LoadCases(
    const std::filesystem::path& directory,
    const std::function<bool(const std::string&)>& is_requirement,
    Drafts drafts = Drafts::kRefused);

// What a draft's `about` and its `note`s begin with where a person has to look. They must be gone
// when `draft` is.
inline constexpr std::string_view kDraftAbout = "DRAFT: ", kReviewNote = "REVIEW: ";

// The cases of one file's text. `name` is "area/case". Drafts are read like others.
tl::expected<std::vector<Case>, std::vector<CaseError>> ParseCaseFile(
    const std::filesystem::path& file, const std::string& name, std::string_view text,
    const std::function<bool(const std::string&)>& is_requirement);

}  // namespace touchstone
