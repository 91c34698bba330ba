#include "conformance/live/live_server.h"

#include <fmt/format.h>
#include <pthread.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "conformance/live/history.h"
#include "conformance/live/session.h"

namespace touchstone {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using live::Session;

namespace {

constexpr std::size_t kMostConnections = 64;
constexpr int kMostWaiting = 10'000;                   // lines between Publish() and the thread
constexpr std::chrono::milliseconds kAcceptPause{20};  // when descriptors run out

}  // namespace

class LiveServer::Impl : public live::SessionOwner {
 public:
  ~Impl() override {
    asio::post(io_, [this] {
      error_code ec;
      acceptor_.close(ec);
      pause_.cancel();
      for (const auto& session : std::set(sessions_)) session->Close();
      io_.stop();
    });
  }

  std::optional<std::string> Listen(const LiveOptions& options) {
    error_code ec;
    const auto address = asio::ip::make_address(options.address, ec);
    if (ec) return fmt::format("--live: \"{}\" is no IP address", options.address);
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(64, ec);
    if (ec) {
      return fmt::format("--live: cannot listen on {} port {}: {}", options.address, options.port,
                         ec.message());
    }
    local_ = acceptor_.local_endpoint();
    Accept();
    thread_ = std::jthread([this] {
      ::pthread_setname_np(::pthread_self(), "live");
      io_.run();
    });
    return std::nullopt;
  }

  const tcp::endpoint& local() const { return local_; }

  void Publish(std::string_view line) {
    if (waiting_ >= kMostWaiting) return;
    ++waiting_;
    asio::post(io_, [this, line = std::string(line)] {
      --waiting_;
      history_.Add(line);
      const auto event = live::EventOf(line);
      // A copy: who is dropped by Send() leaves the set.
      for (const auto& watcher : std::set(watchers_)) watcher->Send(event);
    });
  }

  std::vector<std::string> PastLines() override { return history_.Lines(); }
  void Watch(const std::shared_ptr<Session>& session) override { watchers_.insert(session); }
  void Gone(const std::shared_ptr<Session>& session) override {
    watchers_.erase(session);
    sessions_.erase(session);
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (ec) {
        pause_.expires_after(kAcceptPause);
        pause_.async_wait([this](error_code stopped) {
          if (!stopped) Accept();
        });
        return;
      }
      // Beyond the limit the socket closes here: a browser tries again.
      if (sessions_.size() < kMostConnections) {
        auto session = std::make_shared<Session>(std::move(socket), *this);
        sessions_.insert(session);
        session->Begin();
      }
      Accept();
    });
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  tcp::endpoint local_;
  std::atomic<int> waiting_{0};
  // Of the thread alone.
  live::History history_;
  std::set<std::shared_ptr<Session>> sessions_, watchers_;
  std::jthread thread_;  // last: it is joined before the rest goes
};

LiveServer::LiveServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveServer::~LiveServer() = default;

tl::expected<std::unique_ptr<LiveServer>, std::string> LiveServer::Start(
    const LiveOptions& options) {
  auto impl = std::make_unique<Impl>();
  if (auto error = impl->Listen(options)) return tl::unexpected(*error);
  return std::unique_ptr<LiveServer>(new LiveServer(std::move(impl)));
}

std::uint16_t LiveServer::port() const { return impl_->local().port(); }

std::string LiveServer::url() const {
  const auto address = impl_->local().address();
  // Whoever listens on all addresses is reached on this machine by loopback.
  const std::string host = address.is_unspecified() ? (address.is_v6() ? "[::1]" : "127.0.0.1")
                           : address.is_v6()        ? "[" + address.to_string() + "]"
                                                    : address.to_string();
  return fmt::format("http://{}:{}/", host, port());
}

void LiveServer::Publish(std::string_view record_line) { impl_->Publish(record_line); }

}  // namespace touchstone
