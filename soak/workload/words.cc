#include "soak/workload/words.h"

#include <fmt/format.h>

namespace touchstone::soak {

std::string Word(std::string_view kind, int number) { return fmt::format("{}-{};", kind, number); }

std::string AnswerTo(const std::string& word) { return fmt::format("answer to {} é🎉", word); }

std::string LongAnswerTo(const std::string& word, int bytes) {
  std::string text;
  while (static_cast<int>(text.size()) < bytes) text += AnswerTo(word) + "\n";
  std::size_t end = static_cast<std::size_t>(bytes);
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace touchstone::soak
