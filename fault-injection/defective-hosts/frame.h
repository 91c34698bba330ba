// The parts of the FRAME table, and what its defects do to the text of a line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

std::vector<Defect> LimitDefects();    // the size of a line: FRAME-08
std::vector<Defect> ContentDefects();  // bytes that are no text, depth, keys: FRAME-09 … -11, -17
std::vector<Defect> EndDefects();      // EOF, silence, a reader that goes: FRAME-13 … -16

// The bytes as a decoder sees them that knows no other chunk: a character that is not whole in it
// becomes U+FFFD.
std::string DecodedAlone(std::string_view chunk);

// Where the first JSON object of the line ends; its size when that is nowhere.
std::size_t EndOfObject(std::string_view line);
// How deep its brackets are, those in strings aside.
int DepthOf(std::string_view line);

}  // namespace touchstone::defective
