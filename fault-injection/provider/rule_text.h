// Small questions that the reader of rules asks of text. Pure; any thread may call.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace touchstone::provider {

// A value as error messages show it: its kind and its beginning.
std::string Describe(const boost::json::value& value);

// True for a header name (RFC 9110, token).
bool IsToken(std::string_view name);

// True for text that can stand in a header: no CR, LF or NUL.
bool IsHeaderValue(std::string_view value);

// Whether the whole text fits the pattern, in which a * stands for any bytes, none too.
bool FitsGlob(std::string_view glob, std::string_view text);

// Headers whose value is a key; the name is in lower case.
bool IsSecretHeader(std::string_view name);

// Whether the bytes are UTF-8 text (no surrogates, nothing overlong).
bool IsUtf8(std::string_view bytes);

// Text with whatever is not printable ASCII as \xNN.
std::string Printable(std::string_view bytes);

// ASCII letters in lower case.
std::string Lower(std::string text);

}  // namespace touchstone::provider
