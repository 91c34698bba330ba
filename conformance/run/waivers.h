// Known failures that shall not block for a while: `--waivers FILE`.
//
//     {"waivers":[{"requirement":"FRAME-16","reason":"bug
//     123","owner":"ops","expires":"2026-12-31"},
//                 {"check":"idem/marker-*","mode":"S","message":"replayed",
//                  "reason":"…","owner":"…","expires":"…"}]}
//
// A waiver names a requirement or a glob of checks; `mode` and `message` (a part of the failure's
// message) narrow it. It has an end: the day after `expires` its failures block again. One that
// matches no failure is an error, so that the list does not outlive its reasons.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"
#include "conformance/observe/violation.h"
#include "conformance/run/result.h"

namespace touchstone {

struct Waiver {
  std::string requirement;  // either this
  std::string check;        // or this glob
  std::optional<Mode> mode;
  std::string message;  // empty: any
  std::string reason, owner;
  std::chrono::year_month_day expires;
  std::string where;  // "waivers.json:3"

  bool Matches(const CheckResult& result, const Violation& violation) const;
  bool ExpiredOn(std::chrono::year_month_day today) const { return today > expires; }
  std::string Subject() const;  // "requirement FRAME-16", "check idem/marker-* [S]"
};

// The file's waivers, or what is wrong with it, with file and line. `is_requirement` knows the
// catalogue's IDs.
tl::expected<std::vector<Waiver>, std::string> LoadWaivers(
    const std::filesystem::path& file,
    const std::function<bool(const std::string&)>& is_requirement);

// A waiver file for the failures of a run: one entry for each broken requirement, to be filled in
// by a person; it expires in 30 days.
std::string WaiversFor(const std::vector<CheckResult>& results, std::chrono::year_month_day today);

std::chrono::year_month_day Today();

}  // namespace touchstone
