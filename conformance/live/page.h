// The page that shows a running soak.
#pragma once

#include <string>
#include <string_view>

namespace touchstone::live {

std::string LivePage(std::string_view nonce);

}  // namespace touchstone::live
