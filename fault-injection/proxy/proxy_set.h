// All proxies of a process, by name, and the threads that carry them. Its methods may be called
// from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "fault-injection/proxy/api.h"
#include "fault-injection/proxy/proxy.h"

namespace touchstone::proxy {

class ProxySet {
 public:
  // 0 threads: one for each core.
  explicit ProxySet(std::uint64_t seed, int threads = 0);
  ~ProxySet();

  // One call of the HTTP API. Never throws for what the caller says.
  Answer Handle(const Call& call);

  // Of all proxies, for a summary.
  struct Summary {
    std::size_t proxies = 0;
    Journal::Totals totals;
  };
  Summary summary() const;

 private:
  using Proxies = std::map<std::string, std::unique_ptr<Proxy>>;

  Answer OnProxies(const Call& call);
  Answer OnProxy(const Call& call, const std::string& name);
  Answer OnToxics(const Call& call, Proxy& proxy);
  Answer OnToxic(const Call& call, Proxy& proxy, const std::string& name);
  Answer Populate(const Call& call);
  Answer Reset();
  Result<Proxy*> Create(const ProxyConfig& config);

  const std::uint64_t seed_;
  Workers workers_;
  mutable std::mutex mutex_;
  Proxies proxies_;          // guarded by mutex_
  Journal::Totals deleted_;  // guarded by mutex_; of proxies that are gone
};

}  // namespace touchstone::proxy
