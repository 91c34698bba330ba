// Reads a report.json back: for the comparison of two, for merging shards, for a baseline. What is
// wrong with one is said with file and line. Keys that this version does not know are left alone.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/report/report.h"

namespace touchstone {

// Can be moved, not copied: the ledger's rows point into `rows`.
struct ReportFile {
  ReportFile() = default;
  ReportFile(ReportFile&&) = default;
  ReportFile& operator=(ReportFile&&) = default;

  std::filesystem::path file;
  Report report;
  std::deque<Requirement> rows;
};

tl::expected<ReportFile, std::string> ReadReport(const std::filesystem::path& file);

// Reads the transcripts beside the file into the results. Returns those that are not there; their
// results say so instead.
std::vector<std::string> LoadTranscripts(ReportFile& read);

}  // namespace touchstone
