// The listening socket of a proxy. Accepts on one worker, and hands connections out to all in turn,
// so that their numbers are in the order in which they came.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "fault-injection/proxy/worker.h"

namespace touchstone::proxy {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  Listener(Workers& workers, std::shared_ptr<Door> door);

  // Binds and listens; the address is a literal.
  boost::system::error_code Open(const boost::asio::ip::tcp::endpoint& endpoint);
  std::uint16_t port() const;
  void Start();
  // On its worker's thread.
  void Close();

  Door& door() { return *door_; }
  Worker& home() { return *workers_.front(); }

 private:
  void Accept();

  Workers& workers_;
  std::shared_ptr<Door> door_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::size_t next_ = 0;
};

}  // namespace touchstone::proxy
