// The files of conformance/report/html/, and the chart library, as the build put them into the
// program: a page must not need a file that lies elsewhere.
#pragma once

#include <string_view>

namespace touchstone {

// The whole file. The name must be one of them: "report.css", "chart.min.js".
std::string_view Asset(std::string_view name);

}  // namespace touchstone
