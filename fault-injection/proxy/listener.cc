#include "fault-injection/proxy/listener.h"

#include <boost/asio/post.hpp>

#include "fault-injection/proxy/config.h"

namespace touchstone::proxy {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// When descriptors run out; a connection's end gives some back.
constexpr std::chrono::milliseconds kAcceptPause{20};

std::string TextOf(const asio::ip::tcp::endpoint& endpoint) {
  return Address{endpoint.address().to_string(), std::to_string(endpoint.port())}.Text();
}

}  // namespace

Listener::Listener(Workers& workers, std::shared_ptr<Door> door)
    : workers_(workers),
      door_(std::move(door)),
      acceptor_(workers.front()->io()),
      pause_(workers.front()->io()) {}

error_code Listener::Open(const asio::ip::tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

std::uint16_t Listener::port() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

void Listener::Start() {
  asio::post(home().io(), [self = shared_from_this()] { self->Accept(); });
}

void Listener::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::Accept() {
  if (!acceptor_.is_open()) return;
  Worker& worker = *workers_[next_];
  acceptor_.async_accept(worker.io(), [this, self = shared_from_this(), &worker](
                                          const error_code& error, Socket socket) {
    if (!acceptor_.is_open() || !door_->open) return;
    if (error) {
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([self](const error_code& cancelled) {
        if (!cancelled) self->Accept();
      });
      return;
    }
    next_ = (next_ + 1) % workers_.size();
    error_code gone;
    const auto peer = socket.remote_endpoint(gone);
    auto record = door_->journal->Open(gone ? "" : TextOf(peer));
    asio::post(worker.io(), [&worker, door = door_, record = std::move(record),
                             socket = std::move(socket)]() mutable {
      worker.Take(std::move(socket), std::move(door), std::move(record));
    });
    Accept();
  });
}

}  // namespace touchstone::proxy
