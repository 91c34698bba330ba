// Calls and answers of the HTTP API, without the HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/proxy/config.h"

namespace touchstone::proxy {

struct Call {
  std::string method;  // "GET"
  std::string target;  // "/proxies/p", as it came
  std::string body;
};

struct Answer {
  int status = 200;
  std::string body;  // JSON, or nothing
};

Answer Error(const ApiError& error);
// "/a/b%20c?x" is {"a","b c"}. A slash at the end does not count.
std::vector<std::string> Segments(std::string_view target);
Result<boost::json::value> ReadBody(const std::string& body);

}  // namespace touchstone::proxy
