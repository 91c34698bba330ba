// Puts a report into a folder: report.json, junit.xml, summary.md, report.html, and transcripts/
// with one file per failed check.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "conformance/report/report.h"

namespace touchstone {

// What a transcript file says before the transcript itself.
inline constexpr std::string_view kTranscriptPreamble =
    "Times count from the start of the play. `in` is what the judge wrote to the host's stdin, "
    "`out` and `err` what the host wrote.\n\n";

// Writes all of it; sets transcript_file of the results that got one. Files of an earlier run are
// replaced.
tl::expected<void, std::string> WriteReport(Report& report, const std::filesystem::path& directory);

}  // namespace touchstone
