// Keeps a caller's keys out of what is shown: journal lines, narration. Pure.
#pragma once

#include <string>
#include <string_view>

#include "fault-injection/provider/journal.h"

namespace touchstone::provider {

inline constexpr std::string_view kInsteadOfKey = "[key]";

// The text with each key of the call (from headers that carry one, and the query) replaced. The
// text may be a piece of a longer one: what is then left of a key at its cut ends is replaced, too.
enum class CutEnd { kNone, kFront, kBack };
std::string WithoutKeys(const Call& call, std::string text, CutEnd cut = CutEnd::kNone);

// The call's path, whose query may name a key.
std::string PathWithoutKeys(const Call& call);

}  // namespace touchstone::provider
