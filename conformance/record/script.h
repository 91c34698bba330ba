// What `touchstone record` plays: a script is a case (docs/write-a-case.md) whose expectations are
// still missing. It sets the provider's rules, sends, and may wait for the provider; the host's
// answers are what is recorded.
//
// Pure but for reading files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/golden/case_file.h"

namespace touchstone::record {

// A script is a Case with steps of these kinds only: provider, send, send_raw, release, env, and
// provider_saw as a barrier: what the recorder waits for before it goes on.
bool IsScriptStep(std::string_view kind);

// The built-in scripts: one for each file below `folder`, AREA/NAME.jsonl, and for each of its
// rows.
tl::expected<std::vector<Case>, std::string> LoadScripts(
    const std::filesystem::path& folder,
    const std::function<bool(const std::string&)>& is_requirement);

// A file of a user's own: such a script, or just requests, one a line, played in order in all three
// modes. In a list of requests a line may also be a script's step ({"provider":[…]}), and a line
// that is no JSON object is sent as it is. The error names file and line.
tl::expected<std::vector<Case>, std::string> LoadRequests(
    const std::filesystem::path& file,
    const std::function<bool(const std::string&)>& is_requirement);

}  // namespace touchstone::record
