// The HTTP side of the API: one thread, HTTP/1.1 with keep-alive, bounded bodies, and deadlines for
// callers that dawdle.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "fault-injection/proxy/proxy_set.h"

namespace touchstone::proxy {

struct ApiServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
};

class ApiServer {
 public:
  // Listens before it returns. The set outlives the server. The error is a sentence.
  static tl::expected<std::unique_ptr<ApiServer>, std::string> Start(
      const ApiServerOptions& options, ProxySet& proxies);
  ~ApiServer();

  std::uint16_t port() const;

 private:
  class Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone::proxy
