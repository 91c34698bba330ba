#include "fault-injection/proxy/api.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace touchstone::proxy {

namespace json = boost::json;

namespace {

std::string Decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

Answer Error(const ApiError& error) {
  return {error.status, fmt::format(R"({{"error":{},"status":{}}})",
                                    json::serialize(json::value(error.message)), error.status)};
}

std::vector<std::string> Segments(std::string_view target) {
  target = target.substr(0, target.find('?'));
  std::vector<std::string> segments;
  while (!target.empty()) {
    const auto slash = target.find('/');
    if (slash != 0) segments.push_back(Decode(target.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    target.remove_prefix(slash + 1);
  }
  return segments;
}

Result<json::value> ReadBody(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error) return tl::unexpected(ApiError{"bad request body: " + error.message(), 400});
  return value;
}

}  // namespace touchstone::proxy
