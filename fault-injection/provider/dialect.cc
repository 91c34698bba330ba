#include "fault-injection/provider/dialect.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fault-injection/provider/anthropic.h"
#include "fault-injection/provider/gemini.h"
#include "fault-injection/provider/openai.h"
#include "fault-injection/provider/responses.h"

namespace touchstone::provider {

namespace {

const std::array<const Dialect*, 4>& All() {
  static const OpenAi openai;
  static const Responses responses;
  static const Anthropic anthropic;
  static const Gemini gemini;
  static const std::array<const Dialect*, 4> all{&openai, &responses, &anthropic, &gemini};
  return all;
}

}  // namespace

const Dialect* DialectOf(std::string_view path) {
  const auto& all = All();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Dialect* d) { return d->Serves(path); });
  return found == all.end() ? nullptr : *found;
}

std::vector<std::string_view> PathEndings(std::string_view dialect) {
  std::vector<std::string_view> endings;
  for (const Dialect* const one : All()) {
    if (!dialect.empty() && one->name() != dialect) continue;
    endings.insert(endings.end(), one->endings().begin(), one->endings().end());
  }
  return endings;
}

std::string_view KnownPaths() {
  return "POST …/chat/completions, …/responses, …/messages, …:generateContent and "
         "…:streamGenerateContent";
}

std::string_view TextOrDefault(const Respond& respond) {
  if (respond.text) return *respond.text;
  return respond.tool_calls.empty() ? "mock answer" : "";
}

bool HasText(const Respond& respond) { return respond.text || respond.tool_calls.empty(); }

std::string_view ModelOf(const Request& request) {
  return request.model.empty() ? std::string_view("mock-model") : request.model;
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

std::string NamedEvent(std::string_view type, std::string_view data) {
  return fmt::format("event: {}\ndata: {}\n\n", type, data);
}

std::string Rfc3339(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace touchstone::provider
