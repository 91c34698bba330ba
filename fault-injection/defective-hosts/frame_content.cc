#include <signal.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/frame.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

constexpr char kNoRequest[] = "{";

bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

std::string Ascii(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

// A lenient reader: tries the line mended when it cannot be read as it is.
Tampering Mends(std::string (*mend)(std::string line)) {
  return RequestLines([mend](const std::string& line) {
    if (Parsed(line)) return line;
    const auto mended = mend(line);
    return Parsed(mended) ? mended : line;
  });
}

std::string WithoutOverlong(std::string line) {
  for (std::size_t at; (at = line.find("\xc0\xaf")) != line.npos;) line.replace(at, 2, "/");
  return line;
}

std::string WithoutSurrogates(std::string line) {
  for (std::size_t at = line.find("\\u"); at != line.npos; at = line.find("\\u", at + 2)) {
    const auto lead = at + 3 < line.size() ? line.substr(at + 2, 2) : "";
    const bool d = !lead.empty() && (lead[0] == 'd' || lead[0] == 'D');
    if (d && std::string("89abcdefABCDEF").find(lead[1]) != std::string::npos)
      line.replace(at + 2, 4, "fffd");
  }
  return line;
}

Tampering QuotesTheBadBytes() {
  const auto bad = std::make_shared<std::string>();
  Tampering tampering;
  tampering.request = [bad](const std::string& line, Wire& wire) {
    for (char c : line) {
      if (static_cast<unsigned char>(c) >= 0x80 && !Parsed(line)) bad->push_back(c);
    }
    PassToHost(line, wire);
  };
  tampering.response = [bad](std::string line, Wire& wire) {
    const auto at = line.find("message\":\"");
    if (at != line.npos) line.insert(at + 10, std::exchange(*bad, {}));
    PassToCaller(line, wire);
  };
  return tampering;
}

Tampering DiesOfHalfACharacter() {
  Tampering tampering;
  tampering.request = [](const std::string& line, Wire& wire) {
    if (WithoutSurrogates(line) != line) return wire.KillHost(SIGABRT);
    PassToHost(line, wire);
  };
  return tampering;
}

// Its decoder waits for the rest of a character that never comes.
Tampering HangsAtABadByte() {
  Tampering tampering;
  tampering.request = [hangs = false](const std::string& line, Wire& wire) mutable {
    hangs |= line.find('\xff') != line.npos;
    if (!hangs) PassToHost(line, wire);
  };
  return tampering;
}

bool IsOpening(char c) { return c == '[' || c == '{'; }

Tampering RefusesFromDepth(int depth) {
  return RequestLines([depth](const std::string& line) {
    return DepthOf(line) >= depth ? std::string(kNoRequest) : line;
  });
}

// What the host needs of a request, without the fields in which the depth may be.
Tampering AcceptsToDepth(int depth) {
  return RequestLines([depth](const std::string& line) {
    const int deepest = DepthOf(line);
    auto object = deepest > 64 && deepest <= depth ? Parsed(line) : std::nullopt;
    if (!object) return line;
    for (const auto* key : {"x", "metadata"}) object->erase(key);
    return boost::json::serialize(*object);
  });
}

Tampering CrashesOfDepth() {
  Tampering tampering;
  tampering.bytes = [deep = 0](std::string_view chunk, Wire& wire) mutable {
    for (char c : chunk) deep += c == '[' || c == '{' ? 1 : 0;
    if (deep > 20000) return wire.KillHost(SIGSEGV);
    if (chunk.find('\n') != chunk.npos) deep = 0;
    wire.ToHost(chunk);
  };
  return tampering;
}

// The last of two equal keys wins, as in most parsers.
Tampering LastOfTwoKeysWins() {
  return RequestLines([](const std::string& line) {
    const auto object = Parsed(line);
    return object ? boost::json::serialize(*object) : line;
  });
}

// Each occurrence in the strings of a request's text fields and of an answer.
Tampering InTexts(void (*change)(std::string& text)) {
  const auto edit = [change](Object& object) {
    for (const auto* key : {"request_id", "session_id", "prompt", "text"}) {
      auto* value = object.if_contains(key);
      if (!value || !value->is_string()) continue;
      std::string text(value->get_string());
      change(text);
      *value = text;
    }
  };
  return Responses(Any(), edit);
}

void CutAtNul(std::string& text) { text.resize(std::min(text.find('\0'), text.size())); }

void Replace(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

void WithoutNoncharacters(std::string& text) {
  Replace(text, "\xef\xbf\xbe", "\xef\xbf\xbd");
  Replace(text, "\xef\xbf\xbf", "\xef\xbf\xbd");
}

void Composed(std::string& text) { Replace(text, "e\xcc\x81", "\xc3\xa9"); }

void BasicPlaneOnly(std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0xf0) text.replace(i, 4, "\xef\xbf\xbd");
  }
}

}  // namespace

std::vector<Defect> ContentDefects() {
  return {
      {"bad-utf8-becomes-question-marks",
       "FRAME-09",
       Subtlety::kSubtle,
       "Bytes that are no UTF-8 are replaced, and the request is accepted.",
       [] { return Mends(Ascii); },
       {"frame/invalid-utf8-in-a-string/lone-continuation*"}},
      {"overlong-utf8-is-accepted",
       "FRAME-09",
       Subtlety::kRare,
       "An overlong form of a slash is read as a slash.",
       [] { return Mends(WithoutOverlong); },
       {"frame/invalid-utf8-in-a-string/overlong-two*"}},
      {"lone-surrogate-is-replaced",
       "FRAME-09",
       Subtlety::kSubtle,
       "An escape that names half a character is replaced, and the request is accepted.",
       [] { return Mends(WithoutSurrogates); },
       {"frame/unpaired-surrogate-escape/high-alone*"}},
      {"dies-of-half-a-character",
       "FRAME-09",
       Subtlety::kSubtle,
       "An escape that names half a character is an exception that nobody catches.",
       DiesOfHalfACharacter,
       {"frame/unpaired-surrogate-escape/high-alone*"}},
      {"hangs-at-a-bad-byte",
       "FRAME-09",
       Subtlety::kSubtle,
       "A line with a byte that no UTF-8 has is never answered, nor is what follows.",
       HangsAtABadByte,
       {"frame/invalid-utf8-anywhere*"}},
      {"quotes-bad-bytes",
       "FRAME-09",
       Subtlety::kSubtle,
       "The refusal of invalid UTF-8 quotes the bytes, and is no valid UTF-8 itself.",
       QuotesTheBadBytes,
       {"frame/invalid-utf8-in-a-string/lone-continuation*"},
       true,
       {"FRAME-01"}},
      {"depth-limit-of-60",
       "FRAME-10",
       Subtlety::kSubtle,
       "A one-shot refuses nesting from depth 60 on.",
       [] { return When(IsOneShot, RefusesFromDepth(60)); },
       {"frame/depth-64/arrays*"}},
      {"brackets-in-strings-count",
       "FRAME-10",
       Subtlety::kRare,
       "A one-shot counts brackets inside of strings as nesting.",
       [] {
         return When(IsOneShot, RequestLines([](const std::string& line) {
                       return std::ranges::count_if(line, IsOpening) > 64 && DepthOf(line) <= 64
                                  ? std::string(kNoRequest)
                                  : line;
                     }));
       },
       {"frame/brackets-in-a-string*"}},
      {"depth-limit-of-65",
       "FRAME-10",
       Subtlety::kRare,
       "Nesting of depth 65 is accepted.",
       [] { return AcceptsToDepth(65); },
       {"frame/depth-65/arrays*"}},
      {"deep-nesting-overflows-the-stack",
       "FRAME-10",
       Subtlety::kSubtle,
       "A line with many thousand levels crashes the host.",
       CrashesOfDepth,
       {"frame/depth-100000/arrays*"}},
      {"last-of-two-keys-wins",
       "FRAME-11",
       Subtlety::kSubtle,
       "A key that is given twice counts with its last value.",
       LastOfTwoKeysWins,
       {"frame/known-key-twice/prompt*"}},
      {"nul-ends-a-text",
       "FRAME-17",
       Subtlety::kSubtle,
       "A text ends at its first U+0000.",
       [] { return InTexts(CutAtNul); },
       {"frame/every-character-of-an-answer-survives/nul*"}},
      {"prompt-is-trimmed",
       "FRAME-17",
       Subtlety::kSubtle,
       "White space around a prompt does not reach the provider.",
       [] {
         return Requests(Is("type", "run"), [](Object& run) {
           auto* prompt = At(run, "prompt");
           if (!prompt || !prompt->is_string()) return;
           std::string text(prompt->get_string());
           text.erase(text.find_last_not_of(" \t\r\n") + 1);
           if (!text.empty()) *prompt = text;
         });
       },
       {"frame/every-character-survives/looks-like-protocol*"},
       false},
      {"controls-are-stripped",
       "FRAME-17",
       Subtlety::kSubtle,
       "Control characters are missing from an answer.",
       [] {
         return InTexts([](std::string& text) {
           std::erase_if(text, [](char c) { return (c > 0 && c < ' ' && c != '\n') || c == 0x7f; });
         });
       },
       {"frame/every-character-of-an-answer-survives/controls*"}},
      {"noncharacters-are-replaced",
       "FRAME-17",
       Subtlety::kRare,
       "U+FFFE and U+FFFF come back as U+FFFD.",
       [] { return InTexts(WithoutNoncharacters); },
       {"frame/every-character-of-an-answer-survives/noncharacters*"}},
      {"letters-are-composed",
       "FRAME-17",
       Subtlety::kRare,
       "A letter and its combining accent come back as one character.",
       [] { return InTexts(Composed); },
       {"frame/every-character-of-an-answer-survives/combining*"}},
      {"basic-plane-only",
       "FRAME-17",
       Subtlety::kSubtle,
       "Characters above U+FFFF come back as U+FFFD.",
       [] { return InTexts(BasicPlaneOnly); },
       {"frame/every-character-of-an-answer-survives/emoji*"}},
  };
}

}  // namespace touchstone::defective
