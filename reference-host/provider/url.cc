#include "reference-host/provider/url.h"

#include <strings.h>

#include <algorithm>

namespace refhost {
namespace {

bool StartsWithNoCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

}  // namespace

std::optional<Url> ParseUrl(std::string_view text) {
  Url url;
  if (StartsWithNoCase(text, "https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (StartsWithNoCase(text, "http://")) {
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  text = text.substr(0, text.find_first_of("?#"));
  std::string_view authority = text.substr(0, text.find('/'));
  std::string_view path = text.substr(authority.size());
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  url.path = path;
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  url.port = url.tls ? "443" : "80";
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    url.host = authority.substr(0, authority.find(':'));
    port = authority.substr(url.host.size());
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const bool digits =
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (port.empty() || port.size() > 5 || !digits) return std::nullopt;
    url.port = port;
  }
  if (url.host.empty()) return std::nullopt;
  return url;
}

std::string Url::Authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? "443" : "80")) out += ":" + port;
  return out;
}

std::string Url::Display() const { return (tls ? "https://" : "http://") + Authority() + path; }

}  // namespace refhost
