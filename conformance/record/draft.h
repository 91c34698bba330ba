// A draft: the case file that says what a host answered, to be held against the contract by a
// person (docs/record.md). It begins with `"draft":true`, and what a reviewer should look at first
// has a note that begins with "REVIEW: ".
//
// Pure; any thread may call.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/record/recorder.h"

namespace touchstone::record {

struct Draft {
  std::string name;  // "replay-stream", of the case and of its file
  std::string area;  // its folder, "idem": of the first requirement
  std::string text;
  int answers = 0;
  std::vector<std::string> reviews;  // each note, without its mark
};

// The name of the draft of a script in a mode.
std::string DraftName(const Case& script, Mode mode);
std::string DraftArea(const Case& script);

// Of two recordings of the same script; the error says in what they differ: such a script is played
// right by no case.
tl::expected<Draft, std::string> MakeDraft(const Case& script, Mode mode, const std::string& host,
                                           const Recording& once, const Recording& again);

}  // namespace touchstone::record
