// Of PROV: what becomes of an answer's text.
#include "fault-injection/defective-hosts/bending.h"
#include "fault-injection/defective-hosts/parts.h"

namespace touchstone::defective {
namespace {

std::string WithoutControls(std::string text) {
  std::erase_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\t' && c != '\r';
  });
  return text;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// Characters beyond the Basic Multilingual Plane, which take four bytes in UTF-8.
std::string InSixteenBits(std::string text) {
  std::string narrow;
  for (std::size_t i = 0; i < text.size();) {
    const bool wide = static_cast<unsigned char>(text[i]) >= 0xF0;
    if (wide) {
      narrow += "\xEF\xBF\xBD";
    } else {
      narrow += text[i];
    }
    i += wide ? 4 : 1;
  }
  return narrow;
}

std::string UpTo(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

// Its end counts as missing when the model was stopped by its limit.
Tampering RefusesLength() {
  return Answers(Whole(), [](ProviderAnswer& answer) {
    if (answer.body.find(R"("finish_reason":"length")") != answer.body.npos) answer.body = "{}";
  });
}

}  // namespace

std::vector<Defect> AnswerDefects() {
  return {
      {"controls-are-dropped",
       "PROV-17",
       Subtlety::kSubtle,
       "Control characters of an answer are filtered out.",
       [] { return Answers(Whole(), Words(WithoutControls)); },
       {"prov/any-text*", "prov/text-in-escapes*"}},
      {"text-is-trimmed",
       "PROV-17",
       Subtlety::kSubtle,
       "White space at the end of an answer is lost.",
       [] { return Answers(Whole(), Words(Trimmed)); },
       {"prov/any-text*"}},
      {"emoji-are-replaced",
       "PROV-17",
       Subtlety::kSubtle,
       "Characters beyond U+FFFF become U+FFFD.",
       [] { return Answers(Whole(), Words(InSixteenBits)); },
       {"prov/any-text*", "prov/text-in-escapes*"}},
      {"long-answer-is-shortened",
       "PROV-17",
       Subtlety::kSubtle,
       "Of an answer over 256 KiB only the first 256 KiB are given out, as OK.",
       [] {
         return Answers(Whole(), Words([](std::string text) { return UpTo(text, 256 << 10); }));
       },
       {"prov/large-answer*"}},
      {"length-is-a-failure",
       "PROV-17",
       Subtlety::kSubtle,
       "An answer that the model's token limit ended is refused.",
       RefusesLength,
       {"prov/finish-reason*"}},
  };
}

}  // namespace touchstone::defective
