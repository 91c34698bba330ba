// JSON texts that hosts are known to get wrong: replacements for a field's value, and values from
// the grammar.
//
// Pure; any thread may call.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace touchstone::fuzz {

// Values for a field. `$` stands for what is unique to an input; raw bytes, also invalid ones.
std::span<const std::string_view> FieldValues();

// A JSON value from the grammar, and sometimes nearly one. The choices follow from `choice`.
std::string GrammarValue(std::uint64_t choice);

}  // namespace touchstone::fuzz
