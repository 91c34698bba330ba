#include "fault-injection/provider/dialect.h"

#include <algorithm>
#include <array>

#include "fault-injection/provider/anthropic.h"
#include "fault-injection/provider/openai.h"

namespace touchstone::provider {

const Dialect* DialectOf(std::string_view path) {
  static const OpenAi openai;
  static const Anthropic anthropic;
  static const std::array<const Dialect*, 2> all{&openai, &anthropic};
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Dialect* d) { return d->Serves(path); });
  return found == all.end() ? nullptr : *found;
}

std::string Dialect::ErrorEvent(const Request& request, int status) const {
  std::string event = name() == "anthropic" ? "event: error\ndata: " : "data: ";
  for (const std::string& piece : Error(request, status, "").pieces) event += piece;
  return event + "\n\n";
}

std::string_view TextOrDefault(const Respond& respond) {
  if (respond.text) return *respond.text;
  return respond.tool_calls.empty() ? "mock answer" : "";
}

std::vector<std::string_view> Pieces(std::string_view text) {
  const std::size_t size = std::max<std::size_t>(4, (text.size() + 63) / 64);
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    std::size_t end = std::min(size, text.size());
    while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pieces;
}

}  // namespace touchstone::provider
