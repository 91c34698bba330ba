#include "fault-injection/provider/server.h"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "fault-injection/provider/connection.h"
#include "fault-injection/provider/lane_state.h"

namespace touchstone::provider {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// When descriptors run out; a caller's close gives one back.
constexpr std::chrono::milliseconds kAcceptPause{20};

// The name as one segment of a path.
std::string Encode(std::string_view name) {
  constexpr std::string_view kOthers = "-._~";
  std::string encoded;
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       kOthers.find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace

class Server::Impl : public ConnectionOwner {
 public:
  ~Impl() { Stop(); }

  std::optional<std::string> Listen(const ServerOptions& options);
  void Run();

  std::uint16_t port() const { return port_; }
  Lane& OpenLane(const std::string& name, LaneOptions options);
  void CloseLane(const std::string& name);

  std::shared_ptr<LaneState> FindLane(std::string_view encoded_name) override;
  std::shared_ptr<LaneState> ControlledLane() override { return control_ ? FindLane("") : nullptr; }
  void OnClosed(const std::shared_ptr<Connection>& connection) override;

 private:
  struct Entry {
    std::shared_ptr<LaneState> state;
    std::unique_ptr<Lane> lane;
  };

  void Accept();
  void OnAccept(const error_code& error, asio::ip::tcp::socket socket);
  void Stop();
  // Runs it on the server's thread and waits until it has run.
  void OnThread(const std::function<void()>& task);
  void AbortConnections(const LaneState* of_lane);

  std::string base_url_;
  std::uint16_t port_ = 0;
  bool control_ = false;

  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> lanes_;  // guarded by mutex_; by encoded name

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::ip::tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_pause_{io_};
  std::set<std::shared_ptr<Connection>> connections_;  // of the server's thread alone
  std::jthread thread_;
};

std::optional<std::string> Server::Impl::Listen(const ServerOptions& options) {
  const auto failed = [&](const error_code& error) {
    return fmt::format("the provider cannot listen on {}:{}: {}", options.address, options.port,
                       error.message());
  };
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) return failed(error);
  const asio::ip::tcp::endpoint endpoint(address, options.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed(error);
  const asio::ip::tcp::endpoint bound = acceptor_.local_endpoint(error);
  if (error) return failed(error);
  port_ = bound.port();
  control_ = options.control;
  const std::string host = address.is_v6() ? fmt::format("[{}]", options.address) : options.address;
  base_url_ = fmt::format("http://{}:{}", host, port_);
  return std::nullopt;
}

void Server::Impl::Run() {
  Accept();
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "provider");
    io_.run();
  });
}

void Server::Impl::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : lanes_) entry.state->Close();
  }
  OnThread([this] {
    error_code ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    AbortConnections(nullptr);
  });
  work_.reset();
  thread_.join();  // the last handlers run out: nothing is pending any more
}

void Server::Impl::OnThread(const std::function<void()>& task) {
  const auto done = std::make_shared<std::promise<void>>();  // outlives the waiter's wake-up
  std::future<void> ran = done->get_future();
  asio::post(io_, [&task, done] {
    task();
    done->set_value();
  });
  ran.wait();
}

void Server::Impl::AbortConnections(const LaneState* of_lane) {
  const std::set<std::shared_ptr<Connection>> all = connections_;  // OnClosed() takes from it
  for (const auto& connection : all) {
    if (of_lane == nullptr || connection->Serves(*of_lane)) connection->Abort();
  }
}

void Server::Impl::Accept() {
  acceptor_.async_accept([this](const error_code& error, asio::ip::tcp::socket socket) {
    OnAccept(error, std::move(socket));
  });
}

void Server::Impl::OnAccept(const error_code& error, asio::ip::tcp::socket socket) {
  if (!acceptor_.is_open()) return;
  if (error) {
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled && acceptor_.is_open()) Accept();
    });
    return;
  }
  const auto connection = std::make_shared<Connection>(std::move(socket), *this);
  connections_.insert(connection);
  connection->Start();
  Accept();
}

std::shared_ptr<LaneState> Server::Impl::FindLane(std::string_view encoded_name) {
  const std::lock_guard lock(mutex_);
  const auto found = lanes_.find(encoded_name);
  return found == lanes_.end() ? nullptr : found->second.state;
}

void Server::Impl::OnClosed(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
}

Lane& Server::Impl::OpenLane(const std::string& name, LaneOptions options) {
  const std::string encoded = Encode(name);
  const std::string base_url = name.empty() ? base_url_ : base_url_ + "/lane/" + encoded;
  const std::lock_guard lock(mutex_);
  Entry& entry = lanes_[encoded];
  if (entry.lane == nullptr) {
    entry.state = std::make_shared<LaneState>(name, std::move(options));
    entry.lane = std::make_unique<Lane>(base_url, entry.state);
  }
  return *entry.lane;
}

void Server::Impl::CloseLane(const std::string& name) {
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    const auto found = lanes_.find(Encode(name));
    if (found == lanes_.end()) return;
    entry = std::move(found->second);
    lanes_.erase(found);
  }
  entry.state->Close();
  OnThread([&] { AbortConnections(entry.state.get()); });
}

tl::expected<std::unique_ptr<Server>, std::string> Server::Start(ServerOptions options) {
  auto impl = std::make_unique<Impl>();
  if (auto error = impl->Listen(options)) return tl::unexpected(std::move(*error));
  impl->Run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port(); }
Lane& Server::OpenLane(const std::string& name, LaneOptions options) {
  return impl_->OpenLane(name, std::move(options));
}
void Server::CloseLane(const std::string& name) { impl_->CloseLane(name); }

}  // namespace touchstone::provider
