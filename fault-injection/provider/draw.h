// Random numbers that depend on seeds alone: the same on each machine and library. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace touchstone::provider {

// Spreads a seed and a number to 64 bits that look random (splitmix64).
constexpr std::uint64_t Mix(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t z = seed + (number + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

constexpr std::uint64_t Mix(std::uint64_t seed, std::string_view text) {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return Mix(seed, text.size());
}

// From 0, inclusive, to 1, exclusive.
constexpr double Unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// One number after the other.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t Next() { return Mix(seed_, number_++); }
  double NextUnit() { return Unit(Next()); }

 private:
  std::uint64_t seed_;
  std::uint64_t number_ = 0;
};

}  // namespace touchstone::provider
