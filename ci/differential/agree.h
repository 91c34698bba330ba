// Do the host's parser and the judge's oracle agree about a line: accepted or refused, as what, and
// under which id? The two were written from the contract apart from each other, on different JSON
// parsers; where they differ one of them, or the contract, is wrong.
//
// This folder belongs to neither half and is part of no program that ships: comparing both is the
// one thing that needs both (ci/check-law looks at the halves, and neither may include this).
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "conformance/fuzz/oracle.h"
#include "reference-host/protocol/request.h"

namespace differential {

// Empty when they agree, or when the contract leaves the choice; else what differs. `line` is what
// stood before an LF.
std::string Difference(std::string_view line);

// The same of what each half said.
std::string Difference(const touchstone::fuzz::Ruling& ruling,
                       const tl::expected<refhost::Request, refhost::BadRequest>& request);

}  // namespace differential
