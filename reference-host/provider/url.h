// Splits a provider's base URL. User name and password in it are dropped: the key is configured
// apart, and what is dropped cannot leak (SEC-01, EXIT-06).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace refhost {

struct Url {
  bool tls = false;
  std::string host;  // without brackets
  std::string port;
  std::string path;  // without a trailing slash; empty for the root

  // As in a Host header: with brackets, and without the scheme's own port.
  std::string Authority() const;
  // Fit for people: scheme, authority and path.
  std::string Display() const;
};

std::optional<Url> ParseUrl(std::string_view text);

}  // namespace refhost
