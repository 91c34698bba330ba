// Inputs in files: the regression corpus (golden/corpus), a person's own (`fuzz --corpus`), and the
// JSON texts of golden/json, each of which stands in a field of a ping.
//
// For one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/fuzz/campaign.h"

namespace touchstone::fuzz {

// Each file of the folder is an input: its bytes, and an LF when none is at its end. Sorted by
// name; files whose name begins with a dot or ends in .md or .py are left out.
tl::expected<std::vector<NamedInput>, std::string> LoadCorpus(const std::filesystem::path& folder);

// golden/json, as its README says. Files with an LF inside are no line and left out.
tl::expected<std::vector<NamedInput>, std::string> LoadJsonCorpus(
    const std::filesystem::path& folder);

// Writes what a finding shrank to; the name follows from the bytes, so that nothing is written
// twice. Returns the file.
tl::expected<std::filesystem::path, std::string> AddToCorpus(const std::filesystem::path& folder,
                                                             const Finding& finding);
// Writes a golden case that a host with this fault fails.
tl::expected<std::filesystem::path, std::string> Promote(const std::filesystem::path& folder,
                                                         const Finding& finding);

// All inputs of a finding, as they were sent.
std::string BytesOf(const Finding& finding);
// A printf(1) format in quotes of the shell that prints these bytes.
std::string AsPrintf(std::string_view bytes);
std::string EncodeBase64(std::string_view bytes);

}  // namespace touchstone::fuzz
