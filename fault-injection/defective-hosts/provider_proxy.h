// Between a host and its provider: an HTTP/1.1 proxy on loopback that a defect may bend.
//
// Without a change it is transparent: status, headers, body, and how a connection ends (FIN, RST,
// cut, silence); a host that closes its connection closes the provider's at once, and a body of any
// length streams through. It stands only before providers on loopback by plain HTTP, which is where
// the judge's are; other addresses are left as they are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

using Headers = std::vector<std::pair<std::string, std::string>>;
// The value, the name in any case; "" when it is not there.
std::string HeaderOf(const Headers& headers, std::string_view name);
void SetHeader(Headers& headers, const std::string& name, const std::string& value);
void RemoveHeader(Headers& headers, std::string_view name);

// An answer as a whole. `body` is without transfer coding.
struct ProviderAnswer {
  enum class End {
    kWhole,
    kCut,      // FIN before its end
    kReset,    // RST, wherever
    kRefused,  // there is no provider at that address
    kGone,     // the host closed its connection, or the shim ends: nobody waits any more
  };
  int status = 0;  // 0: no header came
  Headers headers;
  std::string body;
  End end = End::kWhole;

  bool whole() const { return end == End::kWhole; }
};

// One request of the host. The hook runs on the exchange's own thread, several at a time. It may
// change the request, and then do one of these; if it does none, the (changed) request is passed on
// and the answer streams back as it comes.
//   Reply(answer)     the host gets this; how it ends, too
//   Reply(Fetch())    the provider's answer, changed in between, after it has come as a whole
//   Silence()         the host gets nothing, until it closes
struct ProviderExchange {
  int number = 0;  // of this process, from 1
  std::string method, target, body;
  Headers headers;
  // A host that closes its connection leaves the provider's open, for as long as the host lives.
  bool leave_open = false;

  // Asks the provider, each time anew. At most so many bytes of the answer's body are taken; a
  // longer one is kCut.
  std::function<ProviderAnswer(std::size_t limit)> fetch;
  std::function<void(const ProviderAnswer&)> reply;
  std::function<void()> silence;

  ProviderAnswer Fetch(std::size_t limit = 64u << 20) { return fetch(limit); }
  void Reply(const ProviderAnswer& answer) { reply(answer); }
  void Silence() { silence(); }
  bool asks() const { return method == "POST"; }
};

// GETs a URL on loopback, and takes no notice of the answer.
void VisitByGet(const std::string& url);

class ProviderProxy {
 public:
  using Hook = std::function<void(ProviderExchange&)>;
  // Listens, and points the launch's LLM_BASE_URL, OPENAI_BASE_URL and LLM_FALLBACK_BASE_URL at
  // itself.
  ProviderProxy(Launch& launch, Hook hook);
  ~ProviderProxy();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone::defective
