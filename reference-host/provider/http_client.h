// One HTTP/1.1 exchange on a connection of its own. Redirects are not followed, nothing is retried,
// and no more is read than the caller can use.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reference-host/provider/connection.h"
#include "reference-host/provider/http_parser.h"

namespace refhost {

struct HttpRequest {
  std::string method = "POST";
  std::string path;  // appended to the URL's
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpResponse {
  int status = 0;
  std::string retry_after;
  std::string body;  // of a 2xx only: what else is said changes nothing
};

enum class HttpFault {
  kUnresolved,
  kRefused,
  kUnreachable,
  kReset,  // RST, or the end of the stream before the head was complete
  kCut,    // the body ended before its end marker
  kSilent,
  kTooLarge,
  kMalformed,  // no HTTP
  kTls,
  kCanceled,
};

struct HttpLimits {
  Milliseconds idle_timeout{45'000};
  TimePoint until = TimePoint::max();  // for all of it; later it is silent
  size_t max_body_bytes = 16 * 1024 * 1024;
};

using HttpResult = tl::expected<HttpResponse, HttpFault>;

HttpResult Exchange(const Url& url, const HttpRequest& request, const HttpLimits& limits,
                    std::stop_token stop);

}  // namespace refhost
