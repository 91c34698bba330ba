// Randomness that can be repeated: a generator whose whole course follows from the seed, the proxy,
// the number of the connection, the direction and the toxic. 8 bytes for each toxic at work, and
// the same numbers from every standard library.
#pragma once

#include <cstdint>
#include <string_view>

namespace touchstone::proxy {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  // Derives a generator from the root seed and what names its place.
  static Chance For(std::uint64_t seed, std::string_view proxy, std::uint64_t connection,
                    std::string_view stream, std::string_view toxic) {
    std::uint64_t hash = 0xcbf29ce484222325 ^ seed;
    const auto mix = [&hash](std::string_view text) {
      for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
      hash = (hash ^ 0xff) * 0x100000001b3;  // "ab","c" is not "a","bc"
    };
    mix(proxy);
    mix(stream);
    mix(toxic);
    Chance chance(hash ^ (connection * 0x9e3779b97f4a7c15));
    chance.Next();
    return chance;
  }

  std::uint64_t Next() {  // splitmix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // From 0 up to, but not, 1.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  // From low to high, both included; low <= high.
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    const auto width = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(width == 0 ? Next() : Next() % width);
  }

 private:
  std::uint64_t state_;
};

}  // namespace touchstone::proxy
