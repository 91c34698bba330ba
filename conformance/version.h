// The version of touchstone, as reports and --version show it.
#pragma once

namespace touchstone {

inline constexpr const char* kVersion = TOUCHSTONE_VERSION;

}  // namespace touchstone
