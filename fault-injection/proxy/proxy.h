// One proxy: a listening socket, its toxics, its journal, and the connections that the workers
// carry for it. Methods are called by the ProxySet alone, one at a time, never on a worker.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fault-injection/proxy/config.h"
#include "fault-injection/proxy/worker.h"

namespace touchstone::proxy {

using Workers = std::vector<std::unique_ptr<Worker>>;

class Listener;

class Proxy {
 public:
  Proxy(const ProxyConfig& config, std::uint64_t seed, Workers& workers);
  ~Proxy();

  // Listens. The port becomes known if it was 0.
  Result<void> Start();
  void Stop();  // ends listening and drops the connections
  bool enabled() const { return listener_ != nullptr; }

  // A change of addresses restarts it. When that fails it is as disabled.
  Result<void> Change(const ProxyConfig& config);
  bool HasAddresses(const ProxyConfig& config) const;

  const std::vector<ToxicSpec>& toxics() const { return toxics_; }
  const ToxicSpec* FindToxic(const std::string& name) const;
  // Each is at work for all connections when the call returns.
  Result<ToxicSpec> AddToxic(ToxicSpec spec);
  ToxicSpec ChangeToxic(ToxicSpec spec);
  bool RemoveToxic(const std::string& name);
  void RemoveAllToxics();

  const std::string& name() const { return name_; }
  std::string ToJson() const;
  std::string ConnectionsToJson() const;
  Journal::Totals totals() const { return journal_->totals(); }

 private:
  void PublishToxics();

  const std::string name_;
  const std::uint64_t seed_;
  Workers& workers_;
  Address listen_, upstream_;
  std::vector<ToxicSpec> toxics_;
  std::uint64_t last_id_ = 0, version_ = 0;
  const std::shared_ptr<Journal> journal_ = std::make_shared<Journal>();
  std::shared_ptr<Listener> listener_;  // null: disabled
};

}  // namespace touchstone::proxy
