// Random numbers by their place: the n-th draw of a seed is the same however one came there, so
// that what was interrupted goes on where it was with nothing saved but a count. Pure.
#pragma once

#include <cstdint>

namespace touchstone::soak {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), which may start at any place.
inline std::uint64_t Draw(std::uint64_t seed, std::uint64_t place) {
  const auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  };
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15u;
  return mix(mix(seed + kStep) + kStep * (place + 1));
}

// In [0, 1).
inline double DrawUnit(std::uint64_t seed, std::uint64_t place) {
  return static_cast<double>(Draw(seed, place) >> 11) * 0x1.0p-53;
}

}  // namespace touchstone::soak
