// Renders docs/contract.md from golden/contract/: the prose with the catalogue's rows in it. The
// placeholders are described in golden/contract/README.md.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "conformance/contract/catalogue.h"

namespace touchstone {

tl::expected<std::string, std::string> RenderContract(const Catalogue& catalogue,
                                                      std::string_view prose);

}  // namespace touchstone
