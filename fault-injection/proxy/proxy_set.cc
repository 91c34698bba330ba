#include "fault-injection/proxy/proxy_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>
#include <thread>

namespace touchstone::proxy {

namespace json = boost::json;

namespace {

// Clients look at it to choose what they send; the API is that of this version of Toxiproxy.
constexpr const char* kVersion = "{\"version\": \"2.12.0\"}\n";

Answer WrongMethod() { return Error({"method not allowed", 405}); }
Answer NotFound(const char* what) { return Error({std::string(what) + " not found", 404}); }
bool IsChange(const Call& call) { return call.method == "POST" || call.method == "PATCH"; }

void Add(Journal::Totals& sum, const Journal::Totals& more) {
  sum.opened += more.opened;
  sum.open += more.open;
  sum.sent_up += more.sent_up;
  sum.sent_down += more.sent_down;
}

}  // namespace

ProxySet::ProxySet(std::uint64_t seed, int threads) : seed_(seed) {
  if (threads == 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

ProxySet::~ProxySet() {
  proxies_.clear();
  workers_.clear();
}

Answer ProxySet::Handle(const Call& call) {
  const auto path = Segments(call.target);
  const std::lock_guard lock(mutex_);
  if (path.empty()) return NotFound("page");
  if (path.size() == 1) {
    if (path[0] == "proxies") return OnProxies(call);
    if (path[0] == "populate") return call.method == "POST" ? Populate(call) : WrongMethod();
    if (path[0] == "reset") return call.method == "POST" ? Reset() : WrongMethod();
    if (path[0] == "version") return call.method == "GET" ? Answer{200, kVersion} : WrongMethod();
  }
  if (path[0] != "proxies" || path.size() > 4) return NotFound("page");
  if (path.size() == 2) return OnProxy(call, path[1]);
  const bool toxics = path[2] == "toxics";
  if (!toxics && !(path[2] == "connections" && path.size() == 3)) return NotFound("page");
  const auto found = proxies_.find(path[1]);
  if (found == proxies_.end()) return NotFound("proxy");
  if (path.size() == 4) return OnToxic(call, *found->second, path[3]);
  if (toxics) return OnToxics(call, *found->second);
  return call.method == "GET" ? Answer{200, found->second->ConnectionsToJson()} : WrongMethod();
}

Result<Proxy*> ProxySet::Create(const ProxyConfig& config) {
  auto proxy = std::make_unique<Proxy>(config, seed_, workers_);
  if (config.enabled.value_or(true)) {
    if (auto started = proxy->Start(); !started) return tl::unexpected(started.error());
  }
  return (proxies_[config.name] = std::move(proxy)).get();
}

Answer ProxySet::OnProxies(const Call& call) {
  if (call.method == "GET") {
    std::string all;
    for (const auto& [name, proxy] : proxies_) {
      all += fmt::format("{}{}:{}", all.empty() ? "" : ",", json::serialize(json::value(name)),
                         proxy->ToJson());
    }
    return {200, "{" + all + "}"};
  }
  if (call.method != "POST") return WrongMethod();
  const auto body = ReadBody(call.body);
  if (!body) return Error(body.error());
  const auto config = ReadNewProxy(*body);
  if (!config) return Error(config.error());
  if (proxies_.contains(config->name)) return Error({"proxy already exists", 409});
  const auto proxy = Create(*config);
  if (!proxy) return Error(proxy.error());
  return {201, (*proxy)->ToJson()};
}

Answer ProxySet::OnProxy(const Call& call, const std::string& name) {
  const auto found = proxies_.find(name);
  if (found == proxies_.end()) return NotFound("proxy");
  Proxy& proxy = *found->second;
  if (call.method == "GET") return {200, proxy.ToJson()};
  if (call.method == "DELETE") {
    proxy.Stop();
    Add(deleted_, proxy.totals());
    proxies_.erase(found);
    return {204, ""};
  }
  if (!IsChange(call)) return WrongMethod();
  const auto body = ReadBody(call.body);
  if (!body) return Error(body.error());
  const auto config = ReadProxyChange(*body, name);
  if (!config) return Error(config.error());
  if (const auto changed = proxy.Change(*config); !changed) return Error(changed.error());
  return {200, proxy.ToJson()};
}

Answer ProxySet::OnToxics(const Call& call, Proxy& proxy) {
  if (call.method == "GET") return {200, ToJson(proxy.toxics())};
  if (call.method != "POST") return WrongMethod();
  const auto body = ReadBody(call.body);
  if (!body) return Error(body.error());
  auto spec = ReadNewToxic(*body);
  if (!spec) return Error(spec.error());
  const auto added = proxy.AddToxic(*std::move(spec));
  if (!added) return Error(added.error());
  return {200, ToJson(*added)};
}

Answer ProxySet::OnToxic(const Call& call, Proxy& proxy, const std::string& name) {
  const ToxicSpec* toxic = proxy.FindToxic(name);
  if (toxic == nullptr) return NotFound("toxic");
  if (call.method == "GET") return {200, ToJson(*toxic)};
  if (call.method == "DELETE") {
    proxy.RemoveToxic(name);
    return {204, ""};
  }
  if (!IsChange(call)) return WrongMethod();
  const auto body = ReadBody(call.body);
  if (!body) return Error(body.error());
  auto spec = ReadToxicChange(*body, *toxic);
  if (!spec) return Error(spec.error());
  return {200, ToJson(proxy.ChangeToxic(*std::move(spec)))};
}

// All is read before anything is done. A proxy that is there with the same addresses stays as it
// is.
Answer ProxySet::Populate(const Call& call) {
  const auto body = ReadBody(call.body);
  if (!body) return Error(body.error());
  if (!body->is_array()) return Error({"bad request body: an array of proxies expected", 400});
  std::vector<ProxyConfig> configs;
  std::set<std::string> names;
  for (const auto& item : body->get_array()) {
    auto config = ReadNewProxy(item);
    if (!config) {
      auto error = config.error();
      error.message += fmt::format(" at proxy {}", configs.size() + 1);
      return Error(error);
    }
    if (!names.insert(config->name).second)
      return Error({fmt::format("proxy already exists: {} is named twice", config->name), 409});
    configs.push_back(*std::move(config));
  }
  std::string done;
  for (const auto& config : configs) {
    const auto found = proxies_.find(config.name);
    Proxy* proxy = found == proxies_.end() ? nullptr : found->second.get();
    if (proxy == nullptr || !proxy->HasAddresses(config)) {
      if (proxy != nullptr) {
        proxy->Stop();
        Add(deleted_, proxy->totals());
        proxies_.erase(found);
      }
      const auto created = Create(config);
      if (!created) {
        return {created.error().status,
                fmt::format(R"({{"error":{},"status":{},"proxies":[{}]}})",
                            json::serialize(json::value(created.error().message)),
                            created.error().status, done)};
      }
      proxy = *created;
    }
    done += (done.empty() ? "" : ",") + proxy->ToJson();
  }
  return {201, fmt::format(R"({{"proxies":[{}]}})", done)};
}

Answer ProxySet::Reset() {
  for (const auto& [name, proxy] : proxies_) {
    if (const auto started = proxy->Start(); !started) return Error(started.error());
    proxy->RemoveAllToxics();
  }
  return {204, ""};
}

ProxySet::Summary ProxySet::summary() const {
  const std::lock_guard lock(mutex_);
  Summary summary{proxies_.size(), deleted_};
  for (const auto& [name, proxy] : proxies_) Add(summary.totals, proxy->totals());
  return summary;
}

}  // namespace touchstone::proxy
