// Puts the reports of all shards of one plan together again: `touchstone merge`. Pure.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/catalogue.h"
#include "conformance/report/report_file.h"
#include "conformance/run/ledger.h"

namespace touchstone {

// One report as if the plan had been played in one piece; its ledger is counted anew. The error
// says what does not fit: shards of another plan, host, seed or version, one that is missing or
// there twice, checks that were not executed. The durations are added up.
tl::expected<Report, std::string> Merge(const std::vector<ReportFile>& shards,
                                        const Catalogue& catalogue, const Waiving& waiving);

}  // namespace touchstone
