// Words of the contract about text (§3).
#pragma once

#include <string_view>

namespace touchstone {

// Blank = empty after removing ASCII space, tab, CR and LF at both ends.
inline bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace touchstone
