// One proxied connection: two sockets, a link in each direction, and how they end together.
//
// Lives on one worker's thread, as long as a handler of it is pending.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <string>

#include "fault-injection/proxy/journal.h"
#include "fault-injection/proxy/link.h"

namespace touchstone::proxy {

class Connection;

// What connections of one proxy share while it listens.
struct Door {
  std::string proxy;
  std::string host, port;  // upstream
  std::uint64_t seed = 0;
  std::shared_ptr<Journal> journal;
  std::atomic<bool> open{true};

  ToxicListPtr toxics() const {
    const std::lock_guard lock(mutex);
    return list;
  }
  void SetToxics(ToxicListPtr toxics) {
    const std::lock_guard lock(mutex);
    list = std::move(toxics);
  }

  // No std::atomic<std::shared_ptr>: in libstdc++ 12 its load() races with a later store().
  mutable std::mutex mutex;
  ToxicListPtr list;
};

// The worker, as its connections see it. Outlives them.
class ConnectionOwner {
 public:
  virtual std::string& ReadBuffer() = 0;
  virtual std::pmr::memory_resource& memory() = 0;
  virtual void OnClosed(const std::shared_ptr<Connection>& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection final : public LinkOwner, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket client, std::shared_ptr<Door> door, std::shared_ptr<Record> record,
             ConnectionOwner& owner);

  void Start();        // connects to the upstream
  void ApplyToxics();  // the door's list of now
  void Abort();        // closes as a process that dies does
  const Door* door() const { return door_.get(); }

  std::shared_ptr<void> KeepAlive() override { return shared_from_this(); }
  std::string& ReadBuffer() override { return owner_.ReadBuffer(); }
  std::pmr::memory_resource& memory() override { return owner_.memory(); }
  void OnEnd(Stream stream, End end) override;
  void OnSourceEnd(const std::string& by, bool reset) override;
  void OnSinkGone(Stream stream) override;
  void OnSettled() override;

 private:
  using Tcp = boost::asio::ip::tcp;

  void OnConnected(const boost::system::error_code& error);
  void FinishBoth();
  void ResetBoth();
  void Close();

  std::shared_ptr<Door> door_;
  std::shared_ptr<Record> record_;
  ConnectionOwner& owner_;
  Socket client_, upstream_;
  std::unique_ptr<Tcp::resolver> resolver_;  // only for a name
  std::unique_ptr<boost::asio::steady_timer> timer_;
  Link up_, down_;
  bool connected_ = false, ending_ = false, closed_ = false;
  std::uint64_t toxics_version_ = 0;
  Clock::time_point give_up_{};
};

}  // namespace touchstone::proxy
