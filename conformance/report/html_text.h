// Bytes that a host, or anybody, wrote, as text of an HTML page.
//
// Hosts are hostile: what they write must neither become markup nor change how the rest of the page
// reads. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace touchstone {

inline constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

// `bytes` as a person can read them, still without markup: bytes that are no UTF-8 as \xNN; control
// characters (LF and TAB stay), and those that turn the direction of text or cannot be seen, as
// \u{202e}. At most `limit` characters, then "…".
std::string Visible(std::string_view bytes, std::size_t limit = kNoLimit);

// Only bytes that are no UTF-8 are replaced, by `prefix` and two hex digits.
std::string EscapeInvalidUtf8(std::string_view bytes, std::string_view prefix);

// Visible(), with markup escaped: for text and for attributes in double quotes.
std::string EscapeHtml(std::string_view bytes, std::size_t limit = kNoLimit);

// JSON as the content of a <script> element: nothing in it ends the element or opens a comment.
std::string EscapeJsonForScript(std::string json);

}  // namespace touchstone
