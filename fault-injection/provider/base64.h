// Base64 (RFC 4648 §4) of the `{"base64":"…"}` parts of a body.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace touchstone::provider {

// Strict: the standard alphabet, padding required, no white space. Nothing if the text is not that.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace touchstone::provider
