// Small helpers for JSON text. Output is written by hand rather than through a DOM: every line of
// the host goes through here, and all strings are known to be valid UTF-8 (they came out of a JSON
// parser).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace refhost {

// True if nothing is left after removing ASCII space, tab, CR and LF at both ends (section 3).
bool IsBlank(std::string_view text);

// `text` without ASCII space, tab, CR and LF at both ends.
std::string_view Trim(std::string_view text);

// Appends `text` as a JSON string, with quotes. `text` must be valid UTF-8.
void AppendJsonString(std::string& out, std::string_view text);

// Appends `,"key":` (or `"key":` right after an opening brace). `key` needs no escaping.
void AppendKey(std::string& out, std::string_view key);

void AppendField(std::string& out, std::string_view key, std::string_view value);
void AppendField(std::string& out, std::string_view key, int64_t value);
void AppendField(std::string& out, std::string_view key, bool value);
inline void AppendField(std::string& out, std::string_view key, const char* value) {
  AppendField(out, key, std::string_view(value));
}

// `text` with every byte that is not part of valid UTF-8 replaced by '?': for what comes from the
// environment or the file system, where any byte may be in a name.
std::string ReplaceBadUtf8(std::string_view text);

// Replaces \uD800..\uDFFF escapes that have no partner by \uFFFD, so that a strict parser takes the
// text (PROV-17). Leaves everything else as it is, escaped backslashes included.
std::string RepairSurrogateEscapes(std::string text);

}  // namespace refhost
