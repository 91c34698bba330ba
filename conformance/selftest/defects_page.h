// The reference page of the defects (docs/defects.md), generated from the table that the selftest
// reads.
#pragma once

#include <string>

#include "conformance/contract/catalogue.h"

namespace touchstone {

std::string RenderDefects(const Catalogue& catalogue);

}  // namespace touchstone
