// Puts a report into a folder: report.json, junit.xml, summary.md, report.html, and transcripts/
// with one file per failed check.
#pragma once

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

#include "conformance/report/report.h"

namespace touchstone {

// Writes all of it; sets transcript_file of the results that got one. Files of an earlier run are
// replaced.
tl::expected<void, std::string> WriteReport(Report& report, const std::filesystem::path& directory);

}  // namespace touchstone
