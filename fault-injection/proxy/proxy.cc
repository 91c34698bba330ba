#include "fault-injection/proxy/proxy.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/serialize.hpp>

#include "fault-injection/proxy/listener.h"

namespace touchstone::proxy {

namespace asio = boost::asio;
namespace json = boost::json;
using boost::system::error_code;

namespace {

std::string Quoted(const std::string& text) { return json::serialize(json::value(text)); }

std::string Time(WallClock::time_point time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  return fmt::format("\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"", fmt::gmtime(WallClock::to_time_t(time)),
                     ms.count() % 1000);
}

std::string RecordToJson(const Record& record) {
  std::string drawn;
  for (const auto& draw : record.drawn) {
    drawn += fmt::format(R"({}{{"name":{},"type":"{}","stream":"{}","applied":{}}})",
                         drawn.empty() ? "" : ",", Quoted(draw.name), draw.type,
                         StreamName(draw.stream), draw.applied);
  }
  const auto or_null = [](const std::string& text) { return text.empty() ? "null" : Quoted(text); };
  return fmt::format(
      R"({{"id":{},"client":"{}","opened":{},"closed":{},"bytes_up":{},"bytes_down":{},)"
      R"("received_up":{},"received_down":{},"closed_by":{},"how":{},"error":{},"toxics":[{}]}})",
      record.id, record.client, Time(record.opened),
      record.is_closed ? Time(record.closed) : "null", record.sent_up.value.load(),
      record.sent_down.value.load(), record.received_up.value.load(),
      record.received_down.value.load(), or_null(record.closed_by), or_null(record.how),
      or_null(record.error), drawn);
}

// The address to listen on. A name is looked up.
tl::expected<asio::ip::tcp::endpoint, std::string> Endpoint(asio::io_context& io,
                                                            const Address& listen) {
  error_code error;
  const auto literal = asio::ip::make_address(listen.host, error);
  if (!error) {
    return asio::ip::tcp::endpoint(literal, static_cast<std::uint16_t>(std::stoi(listen.port)));
  }
  asio::ip::tcp::resolver resolver(io);
  const auto found = resolver.resolve(asio::ip::tcp::v4(), listen.host, listen.port, error);
  if (error || found.empty()) return tl::unexpected(error.message());
  return found.begin()->endpoint();
}

}  // namespace

Proxy::Proxy(const ProxyConfig& config, std::uint64_t seed, Workers& workers)
    : name_(config.name),
      seed_(seed),
      workers_(workers),
      listen_(config.listen.value_or(Address{"127.0.0.1", "0"})),
      upstream_(*config.upstream),
      toxics_(config.toxics) {
  for (auto& toxic : toxics_) toxic.id = ++last_id_;
  version_ = 1;
}

Proxy::~Proxy() { Stop(); }

Result<void> Proxy::Start() {
  if (enabled()) return {};
  const auto failed = [&](const std::string& why) {
    return tl::unexpected(ApiError{fmt::format("listen tcp {}: {}", listen_.Text(), why), 500});
  };
  const auto endpoint = Endpoint(workers_.front()->io(), listen_);
  if (!endpoint) return failed(endpoint.error());
  auto door = std::make_shared<Door>();
  door->proxy = name_;
  door->host = upstream_.host;
  door->port = upstream_.port;
  door->seed = seed_;
  door->journal = journal_;
  door->SetToxics(std::make_shared<const ToxicList>(ToxicList{version_, toxics_}));
  auto listener = std::make_shared<Listener>(workers_, std::move(door));
  if (const auto error = listener->Open(*endpoint)) return failed(error.message());
  listen_ = {endpoint->address().to_string(), std::to_string(listener->port())};
  listener_ = std::move(listener);
  listener_->Start();
  return {};
}

void Proxy::Stop() {
  if (!enabled()) return;
  const auto listener = std::move(listener_);
  listener_ = nullptr;
  listener->door().open = false;
  listener->home().Run([&] { listener->Close(); });
  for (auto& worker : workers_) worker->Run([&] { worker->Abort(&listener->door()); });
}

bool Proxy::HasAddresses(const ProxyConfig& config) const {
  const auto text = [](const Address& a) {
    return (a.host == "localhost" ? Address{"127.0.0.1", a.port} : a).Text();
  };
  return (!config.listen || text(*config.listen) == text(listen_)) &&
         (!config.upstream || text(*config.upstream) == text(upstream_));
}

Result<void> Proxy::Change(const ProxyConfig& config) {
  const bool wanted = config.enabled.value_or(enabled());
  if (!HasAddresses(config)) {
    Stop();
    if (config.listen) listen_ = *config.listen;
    if (config.upstream) upstream_ = *config.upstream;
  }
  if (wanted) return Start();
  Stop();
  return {};
}

const ToxicSpec* Proxy::FindToxic(const std::string& name) const {
  const auto found = std::ranges::find(toxics_, name, &ToxicSpec::name);
  return found == toxics_.end() ? nullptr : &*found;
}

Result<ToxicSpec> Proxy::AddToxic(ToxicSpec spec) {
  if (FindToxic(spec.name) != nullptr) return tl::unexpected(ApiError{"toxic already exists", 409});
  spec.id = ++last_id_;
  toxics_.push_back(spec);
  PublishToxics();
  return spec;
}

ToxicSpec Proxy::ChangeToxic(ToxicSpec spec) {
  ++spec.revision;
  *std::ranges::find(toxics_, spec.name, &ToxicSpec::name) = spec;
  PublishToxics();
  return spec;
}

bool Proxy::RemoveToxic(const std::string& name) {
  const auto found = std::ranges::find(toxics_, name, &ToxicSpec::name);
  if (found == toxics_.end()) return false;
  toxics_.erase(found);
  PublishToxics();
  return true;
}

void Proxy::RemoveAllToxics() {
  if (toxics_.empty()) return;
  toxics_.clear();
  PublishToxics();
}

void Proxy::PublishToxics() {
  ++version_;
  if (!enabled()) return;
  listener_->door().SetToxics(std::make_shared<const ToxicList>(ToxicList{version_, toxics_}));
  for (auto& worker : workers_) worker->Run([&] { worker->ApplyToxics(&listener_->door()); });
}

std::string Proxy::ToJson() const {
  return fmt::format(R"({{"name":{},"listen":{},"upstream":{},"enabled":{},"toxics":{}}})",
                     Quoted(name_), Quoted(listen_.Text()), Quoted(upstream_.Text()), enabled(),
                     proxy::ToJson(toxics_));
}

std::string Proxy::ConnectionsToJson() const {
  std::string records;
  journal_->ForEach([&](const Record& record) {
    records += (records.empty() ? "" : ",") + RecordToJson(record);
  });
  const auto totals = journal_->totals();
  return fmt::format(R"({{"opened":{},"open":{},"forgotten":{},"bytes_up":{},"bytes_down":{},)"
                     R"("connections":[{}]}})",
                     totals.opened, totals.open, totals.forgotten, totals.sent_up, totals.sent_down,
                     records);
}

}  // namespace touchstone::proxy
