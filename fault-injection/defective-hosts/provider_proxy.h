// Between a host and its provider: an HTTP/1.1 proxy on loopback that a defect may bend.
//
// Without a change it is transparent: status, headers, body, and how a connection ends (FIN, RST,
// cut, silence); a host that closes its connection closes the provider's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

using Headers = std::vector<std::pair<std::string, std::string>>;

// One request of the host. The hook runs on the exchange's own thread, and may change the request
// before it calls Forward(), the answer after it, or call it not at all, or twice.
struct ProviderExchange {
  int number = 0;  // of this process, from 1
  std::string method, target, body;
  Headers headers;
};

class ProviderProxy {
 public:
  // Listens, and points the launch's LLM_BASE_URL at itself.
  ProviderProxy(Launch& launch, std::function<void(ProviderExchange&)> hook);
  ~ProviderProxy();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone::defective
