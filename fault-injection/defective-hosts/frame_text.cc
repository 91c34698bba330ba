#include <algorithm>

#include "fault-injection/defective-hosts/frame.h"

namespace touchstone::defective {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";

std::size_t SizeOfCharacter(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Calls `at(position, depth)` at each bracket outside of strings.
template <typename At>
void Brackets(std::string_view line, At at) {
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      at(i, ++depth);
    } else if (!quoted && (c == '}' || c == ']')) {
      at(i, --depth);
    }
  }
}

}  // namespace

std::string DecodedAlone(std::string_view chunk) {
  std::string text;
  for (std::size_t i = 0; i < chunk.size();) {
    const auto size = SizeOfCharacter(static_cast<unsigned char>(chunk[i]));
    const auto tail = chunk.substr(i + 1, size - 1);
    const bool whole = !Continues(chunk[i]) && tail.size() == size - 1 &&
                       std::all_of(tail.begin(), tail.end(), Continues);
    text.append(whole ? chunk.substr(i, size) : std::string_view(kReplacement));
    i += whole ? size : 1;
  }
  return text;
}

std::size_t EndOfObject(std::string_view line) {
  std::size_t end = line.size();
  Brackets(line, [&](std::size_t at, int depth) {
    if (depth == 0) end = std::min(end, at + 1);
  });
  return end;
}

int DepthOf(std::string_view line) {
  int deepest = 0;
  Brackets(line, [&](std::size_t, int depth) { deepest = std::max(deepest, depth); });
  return deepest;
}

}  // namespace touchstone::defective
