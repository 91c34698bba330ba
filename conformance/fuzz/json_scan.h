// One line of input, read once: what the oracle must know of it as a JSON text. Unlike ParseStrict
// it goes on where the contract leaves a choice (a key given twice, a number too large to hold),
// and says so. A property test holds it against ParseStrict.
//
// Pure; any thread may call. Takes a line of any depth: nothing recurs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace touchstone::fuzz {

enum class JsonKind { kNull, kBool, kInteger, kReal, kString, kArray, kObject };

struct Member {
  std::string key;  // decoded
  JsonKind kind = JsonKind::kNull;
  std::string_view raw;        // the value as it was written
  std::string text;            // a string's value, decoded
  bool unheld = false;         // a number that no 64-bit integer or double holds
  bool unheld_inside = false;  // the same, deeper
  bool twice_inside = false;   // an object deeper down gives one of its keys twice
};

struct Scan {
  bool is_json = false;  // the grammar of RFC 8259; the bytes are valid UTF-8 (assumed)
  bool is_object = false;
  bool unpaired_surrogate = false;  // an escape, anywhere
  std::size_t depth = 0;            // the outer object is 1
  std::vector<Member> members;      // of the outer object, in order
};

// `text` without BOM. When it is not JSON, `members` has those that came before the fault.
Scan ScanJson(std::string_view text);

}  // namespace touchstone::fuzz
