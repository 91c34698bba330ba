// A soak's summary as JSON: an element of `soaks` in report.json (docs/report-format.md).
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <tl/expected.hpp>

#include "soak/summary/summary.h"

namespace touchstone::soak {

boost::json::value ToJson(const Summary& summary);
// The error names the place and what was expected there: "soaks[0].host.samples[3].rss_bytes:
// expected an integer, got \"a\"", where `where` is "soaks[0]". Unknown keys are passed over.
tl::expected<Summary, std::string> SummaryFromJson(const boost::json::value& json,
                                                   const std::string& where);

}  // namespace touchstone::soak
