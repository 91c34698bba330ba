// Inputs for a host, made to be wrong in interesting places. A recipe is a handful of small numbers
// from which the bytes follow: cheap to draw, and to shrink, since a smaller number is a simpler
// input. rapidcheck draws and shrinks it; the same seed and number give the same bytes.
//
// Pure; any thread may call.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <rapidcheck/Gen.h>
#include <rapidcheck/Seq.h>

namespace touchstone::fuzz {

// What is mutated.
enum class Family : std::uint8_t { kRequests, kBytes, kFraming, kJson };
inline constexpr std::array<Family, 4> kFamilies = {Family::kRequests, Family::kBytes,
                                                    Family::kFraming, Family::kJson};
std::string_view ToString(Family family);

struct Mutation {
  std::uint16_t what = 0, where = 0, more = 0;
  bool operator==(const Mutation&) const = default;
};

struct Recipe {
  Family family = Family::kRequests;
  std::uint32_t number = 0;  // makes ids unique
  std::uint8_t base = 0;     // the valid request to begin with
  std::vector<Mutation> mutations;
  bool operator==(const Recipe&) const = default;
};

// Input `number` of a seed.
Recipe DrawRecipe(Family family, std::uint64_t seed, std::uint32_t number);

// The same as a generator whose values shrink.
rc::Gen<Recipe> Recipes(Family family);
// Simpler recipes of the same number.
rc::Seq<Recipe> ShrinkRecipe(const Recipe& recipe);

// The bytes: one line or several, each ended by LF (a mutation may have put more LFs inside).
// `limit` is the host's ZENE_MAX_REQUEST_BYTES. Ids begin with `prefix`, so that inputs of two
// seeds do not meet.
std::string Render(const Recipe& recipe, std::size_t limit, std::string_view prefix = "f");

void showValue(const Recipe& recipe, std::ostream& os);

}  // namespace touchstone::fuzz
