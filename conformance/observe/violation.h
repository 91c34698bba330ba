// What an observation of the host's behaviour accuses it of: one requirement of the contract, and
// what was expected and what came. A value; any thread may copy it.
#pragma once

#include <string>

namespace touchstone {

struct Violation {
  std::string requirement;  // "FRAME-01"
  std::string message;      // a sentence for a person: expected, got, where

  bool operator==(const Violation&) const = default;
};

}  // namespace touchstone
